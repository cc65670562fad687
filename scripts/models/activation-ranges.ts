/**
 * `npm run models:ranges -- MODELDIR CLIP…`: the range of values that the inputs and outputs of a model's convolutions take over frames of
 * clips, sampled and cut as the page does it, into MODELDIR/config.json. They are what lib/encoder/integer-convolutions.ts needs.
 * The first two convolutions, whose values range widest, and those of shortcuts stay in float32: in integers they cost the
 * most agreement for the least time (decision 055). Needs FFmpeg.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as ort from 'onnxruntime-web';
import { field, Fields } from '@/lib/encoder/onnx-fields';
import { convolutionTensors } from '@/lib/encoder/integer-convolutions';
import { readModelConfig } from '@/lib/models/model-config';
import { normalisePixels } from '@/lib/pixels/normalise-pixels';
import { groupViews } from '@/lib/pixels/views';
import { joinBytes } from '@/lib/shared/bytes';
import { sampleFrames } from '../eval/real/ffmpeg-frames';

/** Of each clip, spread over it. */
const MAX_FRAMES = 40;
const FLOAT_CONVOLUTIONS = 2;
/** Outputs of convolutions on the shortcuts, by the name of their module. */
const SHORTCUT = 'skip';
/** Of the frames' own extremes; beyond, values are cut off. The few frames above it would cost all others half of their levels. */
const QUANTILE = 0.9;

const [folder, ...clips] = process.argv.slice(2);
if (folder === undefined || clips.length === 0) throw new Error('Say the model’s folder and some clips.');
const configPath = join(folder, 'config.json');
const readJson = async (path: string) => JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
const json = await readJson(configPath);
const config = readModelConfig(json, await readJson(join(folder, 'preprocessor_config.json')));
const graph = new Uint8Array(await readFile(join(folder, 'onnx/vision_model.onnx')));
const tensors = [...new Set(convolutionTensors(graph).slice(2 * FLOAT_CONVOLUTIONS))].filter(
  (name) => !name.includes(SHORTCUT),
);

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';
const session = await ort.InferenceSession.create(withOutputs(graph, tensors), {
  executionProviders: ['wasm'],
});
/** Each frame's least and greatest value. */
const extremes = new Map(tensors.map((name) => [name, { least: [] as number[], greatest: [] as number[] }]));
for (const clip of clips) {
  const { timesMs, pixels } = await sampleFrames(clip, config.resize);
  const bytes = pixels.length / timesMs.length;
  const step = Math.max(1, timesMs.length / MAX_FRAMES);
  let frames = 0;
  for (let at = 0; Math.floor(at) < timesMs.length; at += step, frames += 1) {
    const first = Math.floor(at) * bytes;
    await observe(pixels.subarray(first, first + bytes));
  }
  console.log(`${clip}: ${frames} frames`);
}
await session.release();
const atQuantile = (values: number[]) =>
  Number(values.sort((a, b) => a - b)[Math.floor(QUANTILE * (values.length - 1))]!.toPrecision(4));
json.framesift = {
  ...(json.framesift as object),
  activation_ranges: Object.fromEntries(
    Array.from(extremes, ([name, { least, greatest }]) => [
      name,
      [-atQuantile(least.map((value) => -value)), atQuantile(greatest)],
    ]),
  ),
};
await writeFile(configPath, `${JSON.stringify(json, null, 2)}\n`);

async function observe(picture: Uint8Array): Promise<void> {
  const { resize, mean, std } = config;
  for (const { side, views } of groupViews([picture], resize)) {
    const pixelValues = normalisePixels(views, side, mean, std);
    const results = await session.run({
      pixel_values: new ort.Tensor('float32', pixelValues, [views.length, 3, side, side]),
    });
    for (const name of tensors) {
      let least = 0;
      let greatest = 0;
      for (const value of results[name]!.data as Float32Array) {
        if (value < least) least = value;
        else if (value > greatest) greatest = value;
      }
      const known = extremes.get(name)!;
      known.least.push(least);
      known.greatest.push(greatest);
    }
  }
}

/** The graph with further outputs. */
function withOutputs(file: Uint8Array, names: readonly string[]): Uint8Array {
  const floats = field(2, field(1, Uint8Array.of(8, 1)));
  const outputs = names.map((name) => field(12, [field(1, name), floats]));
  return joinBytes(
    Array.from(new Fields(file, 0, file.length), ({ number, start, from, to }) =>
      number === 7 ? field(7, [file.subarray(from, to), ...outputs]) : file.subarray(start, to),
    ),
  );
}
