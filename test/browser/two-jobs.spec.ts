import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FramesiftPage, sample } from './framesift-page';
import { expect, withoutClips as test } from './returning';

/*
 * Issue 20: frames of another file, prepared while a clip was read, were stored as that clip's own, or ended its
 * reading. The clip's frames are 640 × 360 pixels, those of the other file are not.
 */

const OTHER_CLIP = join(import.meta.dirname, '../fixtures/out-of-black.mp4');

const storedFrames = `
  select f.frame_number, f.timestamp_offset_ms, f.width, f.height, count(e.id)::int as embeddings
  from event_frames f left join frame_embeddings e on e.event_id = f.event_id and e.frame_index = f.frame_number - 1
  group by f.frame_number, f.timestamp_offset_ms, f.width, f.height order by f.frame_number`;

test('frames that the console asks for and frames of a clip that is being read stay apart', async ({
  page,
}) => {
  const framesift = new FramesiftPage(page);
  await framesift.open();
  const other = readFileSync(OTHER_CLIP).toString('base64');
  await page.evaluate((bytes) => {
    const file = new Blob([Uint8Array.fromBase64(bytes)]);
    const answers: unknown[] = [];
    let isOver = false;
    // Asked for again and again, so that a job begins at every step of the other one.
    const ask = async () => {
      while (!isOver) {
        answers.push(
          await window.framesift
            .prepareFrames(file, [0, 400, 800], { size: 32, fit: 'stretch' })
            .then((frames) => frames.map(({ timestampMs, pixels }) => [timestampMs, pixels.length]))
            .catch((error: unknown) => String(error)),
        );
        // A slow machine must get on with the clip as well.
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
    };
    const asking = Promise.all([ask(), ask()]);
    Object.assign(window, {
      answersOfOther: async () => {
        isOver = true;
        await asking;
        return answers;
      },
    });
  }, other);
  await framesift.readSample('2 a second');
  const answers = await page.evaluate(() =>
    (window as unknown as { answersOfOther: () => Promise<unknown[]> }).answersOfOther(),
  );

  const total = Math.round((sample.durationMs / 1000) * 2);
  const frames = await framesift.query(storedFrames);
  expect(frames).toEqual(
    Array.from({ length: total }, (_, frameIndex) => ({
      frame_number: frameIndex + 1,
      timestamp_offset_ms: 250 + frameIndex * 500,
      width: 640,
      height: 360,
      embeddings: 1,
    })),
  );
  expect(answers.length).toBeGreaterThan(3);
  for (const answer of answers) {
    expect(answer).toEqual([0, 400, 800].map((timestampMs) => [timestampMs, 32 * 32 * 3]));
  }
  expect(framesift.problems).toEqual([]);
});
