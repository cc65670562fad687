import { describe, expect, it } from 'vitest';
import { OpenedFilesStore, type Inspection } from '@/lib/core/opened-files-store';
import { videoTrackOf } from '@/lib/media/track-choice';
import { FramesiftError } from '@/lib/shared/errors';

/** Files whose name begins with `bad` cannot be read. */
async function inspect(file: File): Promise<Inspection> {
  await Promise.resolve();
  if (file.name.startsWith('bad')) throw new FramesiftError('unsupported-video', 'This is a text.');
  const videoTrack = videoTrackOf(file) ?? 0;
  return { file, facts: { videoTrack }, fingerprint: file.name } as unknown as Inspection;
}

const named = (...names: string[]) => names.map((name) => new File(['x'], name));
const namesOf = (store: OpenedFilesStore) => store.get().files.map(({ file }) => file.name);

describe('OpenedFilesStore', () => {
  it('looks at files one after another, and says why one cannot be read', async () => {
    const store = new OpenedFilesStore(inspect);
    const counts: number[] = [];
    store.subscribe(() => counts.push(store.get().inspecting));
    const added = await store.add(named('a.mp4', 'bad.mp4', 'b.mp4'));
    expect(added.map(({ file }) => file.name)).toEqual(['a.mp4', 'b.mp4']);
    expect(namesOf(store)).toEqual(['a.mp4', 'b.mp4']);
    expect(store.get().refusals).toMatchObject([{ fileName: 'bad.mp4', message: 'This is a text.' }]);
    expect(counts).toEqual([3, 3, 2, 2, 1, 1, 0]);
  });

  it('keeps those of two calls apart', async () => {
    const store = new OpenedFilesStore(inspect);
    await Promise.all([store.add(named('a', 'b')), store.add(named('c', 'bad'))]);
    const { files, refusals, inspecting } = store.get();
    expect(new Set([...files, ...refusals].map(({ key }) => key)).size).toBe(4);
    expect(inspecting).toBe(0);
  });

  it('gives a sentence to a failure that has none', async () => {
    const store = new OpenedFilesStore(() => Promise.reject(new RangeError('x')));
    expect(await store.add(named('a'))).toEqual([]);
    expect(store.get().refusals[0]!.message).toContain('This file could not be opened.');
  });

  it('puts files and refusals away', async () => {
    const store = new OpenedFilesStore(inspect);
    const [a] = await store.add(named('a', 'b', 'bad'));
    store.remove(a!.key);
    store.dismiss(store.get().refusals[0]!.key);
    expect(namesOf(store)).toEqual(['b']);
    expect(store.get().refusals).toEqual([]);
  });

  it('looks at another track of a file in its place', async () => {
    const store = new OpenedFilesStore(inspect);
    const [a] = await store.add(named('a', 'b'));
    await store.chooseTrack(a!, 1);
    expect(namesOf(store)).toEqual(['a', 'b']);
    expect(store.get().files.map(({ facts }) => facts.videoTrack)).toEqual([1, 0]);
  });

  it('does not bring a file back that was put away while another track of it was looked at', async () => {
    const store = new OpenedFilesStore(inspect);
    const [a] = await store.add(named('a'));
    const choosing = store.chooseTrack(a!, 1);
    store.remove(a!.key);
    await choosing;
    expect(store.get().files).toEqual([]);
  });
});
