// Runs the teacher graph as a filter: a 4-byte count and count×side×side×3 bytes in, count×1280 floats out (or the maps, bytes).
// node teacher.mjs teacher.onnx side
import { createRequire } from 'node:module';

const [, , model, side] = process.argv;
const from = process.env.FRAMESIFT_NODE_MODULES ?? new URL('.', import.meta.url).pathname;
const ort = createRequire(from.endsWith('/') ? from : `${from}/`)('onnxruntime-node');
const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 2 });
const bytes = Number(side) * Number(side) * 3;

let held = Buffer.alloc(0);
for await (const chunk of process.stdin) {
  held = held.length ? Buffer.concat([held, chunk]) : chunk;
  while (held.length >= 4) {
    const count = held.readUInt32LE(0);
    const end = 4 + count * bytes;
    if (held.length < end) break;
    const pixels = new ort.Tensor('uint8', Uint8Array.from(held.subarray(4, end)), [count, Number(side), Number(side), 3]);
    held = held.subarray(end);
    const { features } = await session.run({ pixels });
    const data = features.data;
    process.stdout.write(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  }
}
