// Embeds pictures or texts with the shipped files, by onnxruntime-web's WASM provider under node.
//   node evaluate-onnx.mjs pictures MODEL_DIR IN OUT [SIDE]    raw float32 [n, 512] is written to OUT; SIDE of each picture
//   node evaluate-onnx.mjs texts MODEL_DIR IN OUT              the same
//   node evaluate-onnx.mjs time MODEL_DIR [OUT]                milliseconds a frame at batch 8, a query, and to open; JSON to OUT
//   node evaluate-onnx.mjs golden MODEL_DIR                    writes MODEL_DIR/golden.json
// pictures: raw uint8 [n, side, side, 3]; texts: a JSON list.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , kind, dir, input, output, squares] = process.argv;
const base = process.env.FRAMESIFT_NODE_MODULES ?? new URL('.', import.meta.url).pathname;
const from = createRequire(path.join(base, 'x.js'));
const ort = await import(pathToFileURL(from.resolve('onnxruntime-web')).href).then((m) => m.default ?? m);
const { Tokenizer } = await import(pathToFileURL(from.resolve('@huggingface/tokenizers')).href).then((m) => m.default ?? m);

ort.env.wasm.numThreads = kind === 'time' ? 2 : 1; // threads that wait for each other are slow on a busy machine
ort.env.logLevel = 'error';
const json = (name) => JSON.parse(fs.readFileSync(path.join(dir, name), 'utf8'));
const config = json('config.json');
const { image_mean: mean, image_std: std, views } = json('preprocessor_config.json');
const side = Number(squares ?? config.vision_config.image_size);
const context = config.text_config.max_position_embeddings;
const eot = config.text_config.eos_token_id;
const tokenizer = new Tokenizer(json('tokenizer.json'), {});
const open = (name) => ort.InferenceSession.create(fs.readFileSync(path.join(dir, 'onnx', name)), { executionProviders: ['wasm'] });

/** uint8 [n, side, side, 3] to the float tensor [n, 3, side, side] the vision tower takes. */
function pixels(bytes, n, side) {
  const plane = side * side;
  const out = new Float32Array(n * 3 * plane);
  for (let i = 0; i < n; i++)
    for (let p = 0; p < plane; p++)
      for (let c = 0; c < 3; c++) out[(i * 3 + c) * plane + p] = (bytes[(i * plane + p) * 3 + c] / 255 - mean[c]) / std[c];
  return new ort.Tensor('float32', out, [n, 3, side, side]);
}

function ids(text) {
  const all = tokenizer.encode(text).ids;
  return all.length <= context ? all : [...all.slice(0, context - 1), eot];
}

function batch(texts) {
  const lists = texts.map(ids);
  const t = Math.max(...lists.map((l) => l.length));
  const out = new BigInt64Array(lists.length * t).fill(BigInt(eot));
  lists.forEach((l, i) => l.forEach((v, k) => (out[i * t + k] = BigInt(v))));
  return new ort.Tensor('int64', out, [lists.length, t]);
}

const unit = (v) => {
  const n = Math.hypot(...v);
  return Array.from(v, (x) => Number((x / n).toFixed(6)));
};

/** The self-test's picture: two gradients and a checker of 16-pixel blocks. */
function goldenPicture() {
  const out = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++)
      out.set([((x * 255) / (side - 1)) | 0, ((y * 255) / (side - 1)) | 0, (((x >> 4) + (y >> 4)) & 1) * 255], (y * side + x) * 3);
  return out;
}

if (kind === 'pictures') {
  const bytes = fs.readFileSync(input);
  const each = side * side * 3;
  const session = await open('vision_model.onnx');
  const file = fs.openSync(output, 'w');
  for (let i = 0; i < bytes.length; i += 16 * each) {
    const part = bytes.subarray(i, i + 16 * each);
    fs.writeSync(file, (await session.run({ pixel_values: pixels(part, part.length / each, side) })).image_embeds.data);
  }
  fs.closeSync(file);
} else if (kind === 'texts') {
  const texts = JSON.parse(fs.readFileSync(input, 'utf8'));
  const session = await open('text_model.onnx');
  const file = fs.openSync(output, 'w');
  for (let i = 0; i < texts.length; i += 32) fs.writeSync(file, (await session.run({ input_ids: batch(texts.slice(i, i + 32)) })).text_embeds.data);
  fs.closeSync(file);
} else if (kind === 'time') {
  // Each run opens both towers anew and takes the median of its calls; what is reported is the median over runs.
  const RUNS = 5;
  const CALLS = 20;
  const WARM = 3;
  const sorted = (values) => [...values].sort((a, b) => a - b);
  const median = (values) => sorted(values)[values.length >> 1];
  const timed = async (run) => {
    const start = performance.now();
    const result = await run();
    return [performance.now() - start, result];
  };
  const calls = async (run) => {
    const times = [];
    for (let i = 0; i < CALLS + WARM; i++) times.push((await timed(run))[0]);
    return median(times.slice(WARM));
  };
  const noise = (n, side) => pixels(new Uint8Array(n * side * side * 3).map((_, i) => (i * 31) & 255), n, side);
  const whole = noise(8, side);
  const wide = views ? noise(8 * views.count, views.size) : whole; // as many views as 8 wide frames have
  const query = 'someone leaves a parcel at the front door';
  const runs = { frame: [], wideFrame: [], query: [], openVision: [], openText: [] };
  for (let i = 0; i < RUNS; i++) {
    const [openVision, vision] = await timed(() => open('vision_model.onnx'));
    const [openText, text] = await timed(() => open('text_model.onnx'));
    runs.openVision.push(openVision);
    runs.openText.push(openText);
    runs.frame.push((await calls(() => vision.run({ pixel_values: whole }))) / 8);
    runs.wideFrame.push((await calls(() => vision.run({ pixel_values: wide }))) / 8);
    runs.query.push(await calls(() => text.run({ input_ids: batch([query]) })));
    await vision.release();
    await text.release();
  }
  const out = { runs: RUNS, calls: CALLS, threads: ort.env.wasm.numThreads };
  for (const [name, values] of Object.entries(runs)) out[name] = { median: median(values), low: sorted(values)[0], high: sorted(values).at(-1), first: values[0] };
  const ms = ({ median, low, high }) => `median ${median.toFixed(1)} ms (${low.toFixed(1)} to ${high.toFixed(1)})`;
  console.log(`${RUNS} runs of ${CALLS} calls, ${out.threads} threads`);
  console.log(`picture, batch 8: ${ms(out.frame)} a frame; a wide one, ${views?.count ?? 1} views: ${ms(out.wideFrame)}`);
  console.log(`text, one query: ${ms(out.query)}`);
  console.log(`opening: pictures ${ms(out.openVision)}, first ${out.openVision.first.toFixed(0)}; text ${ms(out.openText)}, first ${out.openText.first.toFixed(0)}`);
  if (input) fs.writeFileSync(input, JSON.stringify(out));
} else if (kind === 'golden') {
  const phrase = 'a red car parked on a street';
  const vision = await (await open('vision_model.onnx')).run({ pixel_values: pixels(goldenPicture(), 1, side) });
  const text = await (await open('text_model.onnx')).run({ input_ids: batch([phrase]) });
  const golden = {
    description:
      `A start-up self-test. The picture is ${side}x${side} RGB, integers 0..255 at column x, row y, truncating: ` +
      `r = (x*255/${side - 1})|0, g = (y*255/${side - 1})|0, b = (((x>>4)+(y>>4))&1)*255. It is normalised with ` +
      'preprocessor_config.json and not resized. Both embeddings are unit-length, from the shipped ONNX files by onnxruntime-web (WASM).',
    revision: config.framesift.revision,
    size: side,
    image_embedding: unit(vision.image_embeds.data),
    text: phrase,
    input_ids: ids(phrase),
    text_embedding: unit(text.text_embeds.data),
  };
  fs.writeFileSync(path.join(dir, 'golden.json'), `${JSON.stringify(golden)}\n`);
} else throw new Error(`unknown kind ${kind}`);
process.exit(0);
