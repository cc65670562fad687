/** A worker of scripts/bench/stages.ts: bare `session.run` of the picture model, batch by batch, with nothing else at work. */
import * as ort from '/packages/onnxruntime-web/dist/ort.wasm.min.mjs';

const WARM_UP = 3;

/** Answers with the milliseconds of each run, by how many frames it has. */
addEventListener('message', async ({ data: { graph, threads, frames, views, side, runs } }) => {
  try {
    ort.env.wasm.numThreads = threads;
    ort.env.wasm.wasmPaths = '/packages/onnxruntime-web/dist/';
    const session = await ort.InferenceSession.create(graph, { graphOptimizationLevel: 'all' });
    const batches = frames.map((count) => ({ count, ms: [] }));
    for (let run = -WARM_UP; run < runs; run += 1) {
      // By turns, so that all meet the same disturbances.
      for (const { count, ms } of batches) {
        const dims = [count * views, 3, side, side];
        const values = new Float32Array(count * views * 3 * side * side).fill(0.1);
        const startedMs = performance.now();
        await session.run({ pixel_values: new ort.Tensor('float32', values, dims) });
        if (run >= 0) ms.push(performance.now() - startedMs);
      }
    }
    postMessage({ batches });
  } catch (error) {
    postMessage({ error: String(error) });
  }
});
