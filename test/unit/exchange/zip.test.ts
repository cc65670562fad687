import { zipSync, unzipSync, strToU8 } from 'fflate';
import { describe, expect, it } from 'vitest';
import { readZip, writeZip } from '@/lib/exchange/zip';

const asBlob = (bytes: Uint8Array) => new Blob([Uint8Array.from(bytes)]);

describe('a ZIP', () => {
  it('is read by another reader, in order, pictures stored as they are', async () => {
    const picture = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251);
    const zip = await writeZip(
      [
        { name: 'manifest.json', content: '{"ünï":1}' },
        { name: 'frames/0001_00-00.0.jpg', content: new Blob([picture]) },
      ],
      new Date('2026-11-22T20:00:00'),
    );
    const bytes = new Uint8Array(await zip.arrayBuffer());
    const entries = unzipSync(bytes);
    expect(Object.keys(entries)).toEqual(['manifest.json', 'frames/0001_00-00.0.jpg']);
    expect(new TextDecoder().decode(entries['manifest.json'])).toBe('{"ünï":1}');
    expect(entries['frames/0001_00-00.0.jpg']).toEqual(picture);
    expect(Buffer.from(bytes).includes(Buffer.from(picture))).toBe(true);
    expect(await readZip(zip)).toEqual(new Map(Object.entries(entries)));
  });

  it.each(['../outside.jpg', '/root.jpg', 'frames/../../x', 'C:\\x.jpg', 'frames\\..\\x', 'a//b'])(
    'with the path %j is refused',
    async (name) => {
      const zip = zipSync({ 'manifest.json': strToU8('{}'), [name]: strToU8('x') });
      await expect(readZip(asBlob(zip))).rejects.toThrow(/strange path/);
    },
  );

  it('that would unpack to far more than it looks like is refused before it is unpacked', async () => {
    const bomb = zipSync({ 'manifest.json': [new Uint8Array(3_000_000), { level: 6 }] });
    expect(bomb.length).toBeLessThan(100_000);
    await expect(readZip(asBlob(bomb))).rejects.toThrow(/far more/);
  });

  it('that lies about its sizes gets no more room than it claimed', async () => {
    const zip = zipSync({ 'manifest.json': [new Uint8Array(100_000), { level: 9 }] });
    const view = new DataView(zip.buffer, zip.byteOffset);
    const central = Buffer.from(zip).lastIndexOf(Buffer.from([0x50, 0x4b, 1, 2]));
    view.setUint32(central + 24, 10, true);
    const entries = await readZip(asBlob(zip)).catch(() => null);
    expect(entries?.get('manifest.json')?.length ?? 0).toBeLessThanOrEqual(10);
  });

  it('that was cut off is refused', async () => {
    const zip = zipSync({ 'manifest.json': strToU8('{}') });
    await expect(readZip(asBlob(zip.subarray(0, zip.length - 10)))).rejects.toThrow(/damaged or cut off/);
  });
});
