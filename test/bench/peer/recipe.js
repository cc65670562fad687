/**
 * The usual recipe for searching a clip in the browser: seek a `<video>`, draw it on a canvas, run transformers.js, keep
 * the vectors in IndexedDB. `npm run bench` compares Framesift with it, so it does the same work: the same timestamps,
 * model file, views of a frame, threads and batch, and a thumbnail of each frame.
 *
 * Where there are several plain ways it takes the fastest. `drawImage` scales to the model's size, because
 * transformers.js's own image processor takes some 50 ms for a 1080p frame and knows no views.
 */
import { CLIPVisionModelWithProjection, env, Tensor } from '@huggingface/transformers';

const MODEL = 'framesift-clip-v3';
/** Two squares, each over 58 % of the longer edge: what this model's preprocessor_config.json asks for. */
const VIEWS = { count: 2, share: 0.58, side: 128 };
const THUMBNAIL_WIDTH = 320;

let model;
let database;

/** Loads the model and opens the database: what a page does before a clip is chosen. */
async function prepare(threads) {
  env.allowLocalModels = true;
  env.allowRemoteModels = false;
  env.useBrowserCache = false;
  env.localModelPath = '/models/';
  env.backends.onnx.wasm.wasmPaths = '/node_modules/onnxruntime-web/dist/';
  env.backends.onnx.wasm.numThreads = threads;
  model = await CLIPVisionModelWithProjection.from_pretrained(MODEL, { dtype: 'fp32', device: 'wasm' });
  await embed([new Float32Array(VIEWS.count * 3 * VIEWS.side ** 2)]);
  database = await openDatabase();
}

/**
 * Reads a clip.
 *
 * @returns {Promise<{ seconds: number, timestampsMs: number[], vectors: number[][] }>} seconds until the last row is durable
 */
async function readClip(file, framesPerSecond, batchSize) {
  const startedMs = performance.now();
  const video = await openVideo(file);
  const count = Math.max(1, Math.ceil(video.duration * framesPerSecond - 0.5));
  const view = canvasContext(VIEWS.side, VIEWS.side);
  const thumbnail = canvasContext(
    Math.min(THUMBNAIL_WIDTH, video.videoWidth),
    Math.round((video.videoHeight * Math.min(THUMBNAIL_WIDTH, video.videoWidth)) / video.videoWidth),
  );
  const all = { timestampsMs: [], vectors: [] };
  for (let first = 0; first < count; first += batchSize) {
    const frames = [];
    for (let index = first; index < Math.min(count, first + batchSize); index += 1) {
      const seconds = (index + 0.5) / framesPerSecond;
      await seek(video, seconds);
      frames.push({
        index,
        timestampMs: Math.round(seconds * 1000),
        pixelValues: readViews(video, view),
        thumbnail: await drawThumbnail(video, thumbnail),
      });
    }
    const vectors = await embed(frames.map(({ pixelValues }) => pixelValues));
    await store(
      frames.map(({ index, timestampMs, thumbnail: picture }, i) => ({
        index,
        timestampMs,
        thumbnail: picture,
        vector: vectors[i],
      })),
    );
    all.timestampsMs.push(...frames.map(({ timestampMs }) => timestampMs));
    all.vectors.push(...vectors.map((vector) => Array.from(vector)));
  }
  const seconds = (performance.now() - startedMs) / 1000;
  URL.revokeObjectURL(video.src);
  return { seconds, ...all };
}

async function openVideo(file) {
  const video = document.createElement('video');
  video.muted = true;
  video.preload = 'auto';
  video.src = URL.createObjectURL(file);
  await new Promise((resolve, reject) => {
    video.onloadeddata = resolve;
    video.onerror = () => reject(new Error(`The player cannot open this clip: ${video.error?.message}`));
  });
  return video;
}

/** What recipes wait for. On a busy machine the picture drawn next may still be the one before. */
function seek(video, seconds) {
  return new Promise((resolve, reject) => {
    video.onseeked = resolve;
    video.onerror = () => reject(new Error(`The player failed: ${video.error?.message}`));
    video.currentTime = seconds;
  });
}

function canvasContext(width, height) {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.imageSmoothingQuality = 'high';
  return context;
}

/** The views of the frame on screen as `pixel_values`: channels first, mean and deviation 0.5. */
function readViews(video, context) {
  const { count, share, side } = VIEWS;
  const plane = side * side;
  const values = new Float32Array(count * 3 * plane);
  const width = Math.round(video.videoWidth * share);
  for (let view = 0; view < count; view += 1) {
    const x = ((video.videoWidth - width) * view) / (count - 1);
    context.drawImage(video, x, 0, width, video.videoHeight, 0, 0, side, side);
    const { data } = context.getImageData(0, 0, side, side);
    for (let pixel = 0; pixel < plane; pixel += 1) {
      for (let channel = 0; channel < 3; channel += 1) {
        values[(view * 3 + channel) * plane + pixel] = data[pixel * 4 + channel] / 127.5 - 1;
      }
    }
  }
  return values;
}

function drawThumbnail(video, context) {
  const { canvas } = context;
  context.drawImage(video, 0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.7 });
}

/** One unit vector a frame: the mean of its views' unit vectors. */
async function embed(frames) {
  const { count, side } = VIEWS;
  const values = new Float32Array(frames.length * frames[0].length);
  frames.forEach((frame, i) => values.set(frame, i * frame.length));
  const { image_embeds: embeds } = await model({
    pixel_values: new Tensor('float32', values, [frames.length * count, 3, side, side]),
  });
  const dimension = embeds.dims[1];
  return frames.map((_, frame) => {
    const mean = new Float32Array(dimension);
    for (let view = 0; view < count; view += 1) {
      const from = (frame * count + view) * dimension;
      const row = unit(embeds.data.subarray(from, from + dimension));
      row.forEach((value, i) => (mean[i] += value));
    }
    return unit(mean);
  });
}

function unit(vector) {
  const length = Math.hypot(...vector);
  return vector.map((value) => value / length);
}

function openDatabase() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open('recipe', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('frames', { keyPath: 'index' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Stores rows in one transaction; resolves when they are on disk. */
function store(rows) {
  return new Promise((resolve, reject) => {
    const transaction = database.transaction('frames', 'readwrite', { durability: 'strict' });
    for (const row of rows) transaction.objectStore('frames').put(row);
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
}

Object.assign(globalThis, { recipe: { prepare, readClip } });
