import type { Page } from '@playwright/test';

/** Deletes all clips of the library. */
export async function forgetClips(page: Page): Promise<void> {
  await page.evaluate(async () => {
    for (const { id } of await window.framesift.listClips()) await window.framesift.deleteClip(id);
  });
}

/**
 * In the page: does what a person does, without a person's delays. Clicks “Read the clip” as soon as it is there, and gives
 * the seconds from the choice of the file until the page says that the clip is read, which it does when all rows are stored.
 */
export function readAsPerson({
  timeoutMs,
  keyFramesOnly = false,
}: {
  timeoutMs: number;
  keyFramesOnly?: boolean;
}): Promise<number> {
  return new Promise((resolve, reject) => {
    let startedMs = NaN;
    let clickedMs = NaN;
    const observer = new MutationObserver(() => look());
    const end = (settle: () => void) => {
      observer.disconnect();
      clearTimeout(timer);
      settle();
    };
    const timer = setTimeout(
      () => end(() => reject(new Error(`The page did not read the clip in ${timeoutMs / 1000} s.`))),
      timeoutMs,
    );
    const look = () => {
      if (Number.isNaN(startedMs)) return;
      const refusal = document.querySelector('[role=alert]')?.textContent;
      if (refusal) {
        end(() => reject(new Error(refusal)));
        return;
      }
      if (Number.isNaN(clickedMs)) {
        const button = Array.from(document.querySelectorAll<HTMLButtonElement>('button[type=submit]')).find(
          ({ textContent, disabled }) => textContent.trim() === 'Read the clip' && !disabled,
        );
        if (!button) return;
        if (keyFramesOnly) {
          const choice = document.querySelector<HTMLInputElement>('[data-testid=key-frames-choice]');
          if (!choice || choice.disabled) return;
          if (!choice.checked) {
            choice.click();
            // React has to hear of it first.
            setTimeout(look);
            return;
          }
        }
        clickedMs = performance.now();
        button.click();
        return;
      }
      const summary = document.querySelector('[data-testid=clip-summary]')?.textContent ?? '';
      if (summary.includes('read in')) {
        performance.measure('framesift:job', { start: startedMs });
        performance.measure('framesift:reading', { start: clickedMs });
        end(() => resolve((performance.now() - startedMs) / 1000));
      }
    };
    document.addEventListener('change', () => (startedMs = performance.now()), { capture: true, once: true });
    observer.observe(document.body, {
      childList: true,
      subtree: true,
      characterData: true,
      attributes: true,
    });
  });
}
