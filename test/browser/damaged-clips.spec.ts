import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { attempt } from '@/scripts/torture/attempt';
import { mutantOf, MUTATIONS } from '@/scripts/torture/mutate';
import { FramesiftPage } from './framesift-page';
import { FOLDER } from '../clips/cases';
import { expect, withoutClips as test } from './returning';

/* A share of `npm run torture`, which gives thousands of damaged clips to the page's own video worker. */

const CLIPS = [
  'inputs/12-h264-aac.mp4',
  'inputs/01-fmp4-noindex.mp4',
  'inputs/12-vp9-opus.webm',
  'inputs/01-damaged.mkv',
  'inputs/12-h264.ts',
  'inputs/06-h264.avi',
  'inputs/06-h264.flv',
];

const KINDS = Object.keys(MUTATIONS).length;

const read = (clip: string): Buffer => readFileSync(join(FOLDER, clip));

test('damaged clips give pictures or a sentence, and the next good one all of its pictures', async ({
  page,
}) => {
  await new FramesiftPage(page).open();
  const good = read('inputs/12-h264-aac.mp4');
  const { pictures } = await attempt(page, good, 'good.mp4');
  expect(pictures).toBe(5);
  const faults: string[] = [];
  for (const [place, clip] of CLIPS.entries()) {
    for (let kind = 0; kind < KINDS; kind++) {
      const number = kind + KINDS * place;
      const { mutation, bytes } = mutantOf(read(clip), number);
      const { outcome, sentence } = await attempt(page, bytes, clip);
      if (outcome === 'hung' || outcome === 'unclear') {
        faults.push(`${number} of ${clip} (${mutation}): ${outcome} ${sentence ?? ''}`);
      }
    }
  }
  expect(faults).toEqual([]);
  expect((await attempt(page, good, 'good.mp4')).pictures).toBe(5);
});

test('a worker in a loop is ended within ten seconds, and no clip that was found to hold one there does (#22)', async ({
  page,
}) => {
  await new FramesiftPage(page).open();
  const { bytes } = mutantOf(read('inputs/01-fmp4-oneframe.mp4'), 24);
  const counting = await attempt(page, bytes, 'counts-to-billions.mp4');
  expect(counting.outcome).not.toBe('hung');
  expect(counting.sentence ?? '').not.toContain('stopped answering');
  const good = read('inputs/12-h264-aac.mp4');
  expect((await attempt(page, good, 'good.mp4')).pictures).toBe(5);

  // Not awaited: a worker in a loop answers nobody, and threads of the runtime sleep until there is work.
  for (const worker of page.workers()) {
    const hold = () => {
      while (self.name === 'video') self.name = 'video';
    };
    void worker.evaluate(hold).catch(() => undefined);
  }
  const given = await attempt(page, good, 'loop.mp4');
  expect(given.sentence).toContain('stopped answering');
  expect(given.outcome).toBe('refused');
  expect((await attempt(page, good, 'good.mp4')).pictures).toBe(5);
});
