import type { Calibration, LoadedModel } from '@/lib/ports/encoder';
import { describe, expect, it, vi } from 'vitest';
import { describeQuestion, encodeQuestion, type QueryImage } from '@/lib/ask/question';
import type { ImageSource } from '@/lib/shared/image-source';
import type { FramesiftServices } from '@/lib/core/services';
import { FramesiftError } from '@/lib/shared/errors';

const DIMENSION = 512;

const calibration: Calibration = {
  version: 2,
  text: { slope: 1, intercept: 0 },
  prior: 0.5,
  unlikely: 0.4,
  possible: 0.6,
  strong: 0.7,
};

let versions = 0;

/** A model of a version of its own: what is encoded once a model is kept by it. */
function modelWith(rating: Calibration | undefined): LoadedModel {
  versions += 1;
  return {
    modelVersion: `model@${versions}`,
    calibration: rating,
    config: { embeddingDimension: DIMENSION, resize: { size: 8, fit: 'stretch' } },
  } as unknown as LoadedModel;
}

/** The embedding that stands for a text or a picture's first byte: each has an axis of its own. */
class Axes {
  readonly #names: string[] = [];

  of(name: string): number {
    if (!this.#names.includes(name)) this.#names.push(name);
    return this.#names.indexOf(name);
  }

  rows(names: readonly string[]): Float32Array<ArrayBuffer> {
    const rows = new Float32Array(names.length * DIMENSION);
    names.forEach((name, row) => (rows[row * DIMENSION + this.of(name)] = 1));
    return rows;
  }

  /** The names in an embedding. */
  namesIn(embedding: Float32Array): string[] {
    return this.#names.filter((_, axis) => embedding[axis] !== 0);
  }
}

function servicesWith(axes: Axes, stored: readonly { frameIndex: number; modelVersion: string }[] = []) {
  const encodeTexts = vi.fn((texts: string[]) => Promise.resolve(axes.rows(texts)));
  const encodeImages = vi.fn((pictures: Uint8Array[]) =>
    Promise.resolve(axes.rows(pictures.map(([first]) => `picture ${first ?? '?'}`))),
  );
  const prepareImage = vi.fn(async (image: Blob) => {
    if (image.size === 0) throw new FramesiftError('bad-input', 'This picture cannot be read.');
    return new Uint8Array(await image.arrayBuffer());
  });
  const getFrameEmbeddings = vi.fn(
    (clipId: string, { modelVersion, frameIndex }: { modelVersion?: string; frameIndex?: number }) =>
      Promise.resolve(
        stored
          .filter((row) => row.modelVersion === modelVersion && row.frameIndex === frameIndex)
          .map((row) => ({ ...row, id: 'x', embedding: axes.rows([`${clipId} frame ${row.frameIndex}`]) })),
      ),
  );
  const services = {
    encoder: { encodeTexts, encodeImages },
    video: { prepareImage },
    database: { getFrameEmbeddings },
  } as unknown as FramesiftServices;
  return { services, encodeTexts, encodeImages, getFrameEmbeddings };
}

function queryImage(number: number, source: ImageSource = { kind: 'picture' }): QueryImage {
  return { number, image: new Blob([Uint8Array.of(number)]), name: `picture ${number}.png`, source };
}

const frame = { clipId: 'clip', frameIndex: 7, timestampMs: 7000 };

describe('encodeQuestion', () => {
  it('encodes every text once, short ones as an ensemble, quoted ones as they stand, in one run', async () => {
    const axes = new Axes();
    const { services, encodeTexts } = servicesWith(axes);
    const text = 'red car + "red car" - 2:a man throws a ball | red car';
    const encoded = await encodeQuestion(services, modelWith(undefined), { text, images: [] });
    expect(encodeTexts.mock.calls).toEqual([
      [
        [
          'a photo of a red car',
          'a picture showing a red car',
          'a red car',
          'red car',
          'a man throws a ball',
        ],
      ],
    ]);
    const [first, second] = encoded.alternatives.map((terms) =>
      terms.map(({ weight, embedding, isPicture }) => ({
        weight,
        isPicture,
        names: axes.namesIn(embedding),
      })),
    );
    const ensemble = ['a photo of a red car', 'a picture showing a red car', 'a red car'];
    expect(first).toEqual([
      { weight: 1, isPicture: false, names: ensemble },
      { weight: 1, isPicture: false, names: ['red car'] },
      { weight: -2, isPicture: false, names: ['a man throws a ball'] },
    ]);
    expect(second).toEqual([{ weight: 1, isPicture: false, names: ensemble }]);
    const [embedding] = encoded.alternatives.flat().map((term) => term.embedding);
    expect(Math.hypot(...embedding!)).toBeCloseTo(1, 6);
    expect(encoded).toMatchObject({ calibration: null });
  });

  it('encodes pictures that the text names, and no other', async () => {
    const axes = new Axes();
    const { services, encodeImages } = servicesWith(axes);
    const encoded = await encodeQuestion(services, modelWith(undefined), {
      text: '#3 - #1 | #3',
      images: [queryImage(1), queryImage(2), queryImage(3)],
    });
    expect(encodeImages).toHaveBeenCalledTimes(1);
    const names = encoded.alternatives.map((terms) =>
      terms.map(({ embedding }) => axes.namesIn(embedding)[0]),
    );
    expect(names).toEqual([['picture 3', 'picture 1'], ['picture 3']]);
    expect(encoded.alternatives.flat().every(({ isPicture }) => isPicture)).toBe(true);
  });

  it('takes the stored embedding of a frame where this model made it, and the picture otherwise', async () => {
    const axes = new Axes();
    const model = modelWith(undefined);
    const { services, encodeImages } = servicesWith(axes, [
      { frameIndex: 7, modelVersion: model.modelVersion },
      { frameIndex: 8, modelVersion: 'another' },
    ]);
    const encoded = await encodeQuestion(services, model, {
      text: '#1 + #2 + #3',
      images: [
        queryImage(1, { kind: 'frame', ...frame }),
        queryImage(2, { kind: 'frame', ...frame, frameIndex: 8 }),
        queryImage(3, { kind: 'crop', ...frame, x: 0.1, y: 0.1, width: 0.5, height: 0.5 }),
      ],
    });
    const names = encoded.alternatives.flat().map(({ embedding }) => axes.namesIn(embedding)[0]);
    expect(names).toEqual(['clip frame 7', 'picture 2', 'picture 3']);
    expect(encodeImages.mock.calls[0]![0]).toHaveLength(2);
  });

  it('takes the picture where the library does not answer', async () => {
    const axes = new Axes();
    const { services, getFrameEmbeddings } = servicesWith(axes);
    getFrameEmbeddings.mockRejectedValue(new FramesiftError('timed-out', 'The library is away.'));
    const question = { text: '#1', images: [queryImage(1, { kind: 'frame', ...frame })] };
    const encoded = await encodeQuestion(services, modelWith(undefined), question);
    expect(axes.namesIn(encoded.alternatives[0]![0]!.embedding)).toEqual(['picture 1']);
  });

  it('brings what rates matches when there are words, and only then', async () => {
    const axes = new Axes();
    const { services } = servicesWith(axes);
    const model = modelWith(calibration);
    const images = [queryImage(1)];
    const pictures = await encodeQuestion(services, model, { text: '#1', images });
    expect(pictures).toMatchObject({ calibration: null });
    const mixed = await encodeQuestion(services, model, { text: '#1 + dog', images });
    expect(mixed.modelVersion).toBe(model.modelVersion);
    expect(mixed.calibration).toBe(calibration);
  });

  it.each([
    ['', { start: 0, end: 0 }],
    ['dog + ', { start: 4, end: 5 }],
    ['#2 + dog', { start: 0, end: 2 }],
  ])('says where %j is wrong, before the model is asked', async (text, place) => {
    const { services, encodeTexts } = servicesWith(new Axes());
    const encoding = encodeQuestion(services, modelWith(undefined), { text, images: [queryImage(1)] });
    await expect(encoding).rejects.toMatchObject({ code: 'bad-input', ...place });
    expect(encodeTexts).not.toHaveBeenCalled();
  });

  it('says which picture cannot be read', async () => {
    const { services } = servicesWith(new Axes());
    const broken = { ...queryImage(2), image: new Blob() };
    const encoding = encodeQuestion(services, modelWith(undefined), {
      text: '#1 | #2',
      images: [queryImage(1), broken],
    });
    await expect(encoding).rejects.toThrow('picture 2.png: This picture cannot be read.');
    await expect(encoding).rejects.toMatchObject({ code: 'bad-input' });
  });
});

describe('describeQuestion', () => {
  it.each([
    ['dog + #1', 'dog + #1'],
    [' #1 ', 'picture 1.png'],
    ['#2', '#2'],
    ['red car', 'red car'],
  ])('calls %j “%s”', (text, name) => {
    expect(describeQuestion({ text, images: [queryImage(1)] })).toBe(name);
  });
});
