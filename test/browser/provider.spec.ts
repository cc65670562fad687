import AxeBuilder from '@axe-core/playwright';
import { FramesiftPage } from './framesift-page';
import { expect, withoutClips as test } from './returning';

test('each way of running the model says why it is not at work, is measured, and can be chosen', async ({
  page,
}) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  await framesift.provider.click();
  const way = (name: string) => page.getByTestId(`provider-${name}`);
  await expect(way('auto')).toBeChecked();
  // Half of the processors are left to decoding.
  const processors = await page.evaluate(() => navigator.hardwareConcurrency);
  const usual = processors >= 4 ? 'wasm-threads' : 'wasm-single';
  await expect(way(usual)).toContainText('At work.');
  await expect(way('webgpu')).toContainText('because this browser offers no graphics adapter');

  await test.step('measured', async () => {
    await page.getByRole('button', { name: 'Measure the speed of each' }).click();
    await expect(page.getByRole('button', { name: 'Measuring…' })).toBeDisabled();
    await expect(page.getByRole('button', { name: 'Measure the speed of each' })).toBeEnabled({
      timeout: 90_000,
    });
    const speed = async (name: string) =>
      Number(/^([\d.]+) frames\/s$/.exec((await page.getByTestId(`speed-${name}`).textContent()) ?? '')?.[1]);
    expect(await speed('wasm-threads')).toBeGreaterThan(0);
    expect(await speed('wasm-single')).toBeGreaterThan(0);
    await expect(page.getByTestId('speed-webgpu')).toHaveCount(0);
    // The figures outlast the panel.
    await page.keyboard.press('Escape');
    await framesift.provider.click();
    expect(await speed('wasm-threads')).toBeGreaterThan(0);
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations).toEqual([]);
  });

  await test.step('chosen, with the keyboard, and kept over a reload', async () => {
    await way('wasm-threads').click();
    await expect(framesift.provider).toHaveText(/^WASM, [2-9]\d* threads$/, { timeout: 60_000 });
    await way('auto').click();
    await way('auto').focus();
    // Focus follows a moment after the key goes down.
    await page.keyboard.down('ArrowUp');
    await expect(way('wasm-single')).toBeFocused();
    await page.keyboard.up('ArrowUp');
    await expect(framesift.provider).toHaveText('WASM, 1 thread', { timeout: 60_000 });
    await page.reload();
    await expect(framesift.provider).toHaveText('WASM, 1 thread', { timeout: 60_000 });
    await framesift.provider.click();
    await expect(way('wasm-single')).toBeChecked();
    await way('auto').click();
    await expect(way(usual)).toContainText('At work.');
  });
  expect(framesift.problems).toEqual([]);
});
