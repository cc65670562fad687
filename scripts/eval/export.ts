import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Case } from './cases';
import type { Question } from './clip-file';

/**
 * Writes cases for other programs: `cases-train.json` and `cases-test.json`, whose `file` members name files of raw
 * little-endian numbers beside them. Their shape is in README.md.
 */
export async function exportCases(folder: string, cases: readonly Case[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const write = async (name: string, numbers: Float32Array | Float64Array): Promise<string> => {
    await writeFile(
      join(folder, name),
      new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength),
    );
    return name;
  };
  for (const half of ['train', 'test'] as const) {
    const ofHalf = cases.filter((one) => one.half === half);
    const clips = new Map(ofHalf.map((one) => [one.clipId, one]));
    const listed = [];
    for (const { clipId, embeddings, dimension, timesMs, levels } of clips.values()) {
      const questions: (Question & { scores: string; likelihoods: string })[] = [];
      for (const { question, scores, likelihoods } of ofHalf.filter((one) => one.clipId === clipId)) {
        const name = `${clipId}-q${questions.length + 1}`;
        questions.push({
          ...question,
          scores: await write(`${name}-scores.f32`, scores),
          likelihoods: await write(`${name}-likelihoods.f32`, likelihoods),
        });
      }
      const frames = timesMs.length;
      const file = await write(`${clipId}.f32`, embeddings);
      listed.push({ clipId, frames, dimension, vectors: file, timesMs: [...timesMs], levels, questions });
    }
    await writeFile(
      join(folder, `cases-${half}.json`),
      `${JSON.stringify({ half, clips: listed }, null, 1)}\n`,
    );
  }
}
