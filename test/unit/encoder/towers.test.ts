import { describe, expect, it } from 'vitest';
import { OnnxFile } from '@/lib/encoder/onnx-file';
import { readTowers } from '@/lib/encoder/towers';
import { FramesiftError } from '@/lib/shared/errors';
import { combinedGraph, textGraph, TOY_MODEL, visionGraph } from '../../support/model-graphs';
import { externalWeight, modelFile, node, valueInfo } from '../../support/onnx-writer';

const EXPECTED = { embeddingDimension: 512, contextLength: 77, imageSize: 32 };

const vision = visionGraph(TOY_MODEL);
const text = textGraph(TOY_MODEL);

type Shape = (number | string)[];
type Value = [name: string, type: 'float32' | 'float16' | 'int32' | 'int64', shape: Shape];

/** A graph that takes and gives these, whatever it may do in between. */
function graphWith(inputs: Value[], outputs: Value[], extra: Uint8Array[] = []): Uint8Array<ArrayBuffer> {
  return modelFile({
    nodes: [
      node(
        'Anything',
        inputs.map(([name]) => name),
        outputs.map(([name]) => name),
      ),
    ],
    weights: extra,
    inputs: inputs.map((value) => valueInfo(...value)),
    outputs: outputs.map((value) => valueInfo(...value)),
  });
}

const PIXELS: Value = ['pixel_values', 'float32', ['n', 3, 32, 32]];
const IDS: Value = ['input_ids', 'int64', ['n', 't']];
const IMAGES: Value = ['image_embeds', 'float32', ['n', 512]];
const TEXTS: Value = ['text_embeds', 'float32', ['n', 512]];

describe('readTowers', () => {
  it('reads names, types and lengths from the files', () => {
    const towers = readTowers(
      {
        vision: visionGraph(TOY_MODEL, { floats: 'float16', batch: 4, names: { pixel_values: 'x' } }),
        text: textGraph(TOY_MODEL, {
          integers: 'int32',
          length: 77,
          mask: true,
          names: { text_embeds: 'y' },
        }),
      },
      EXPECTED,
    );
    expect(towers).toMatchObject({
      vision: {
        pixels: { name: 'x', type: 'float16' },
        output: { name: 'image_embeds', type: 'float16' },
        batch: 4,
      },
      text: {
        ids: { name: 'input_ids', type: 'int32' },
        mask: { name: 'attention_mask', type: 'int32' },
        output: { name: 'y', type: 'float32' },
        batch: null,
        length: 77,
      },
    });
  });

  it('takes sizes that are free, as Optimum exports them', () => {
    const free = graphWith([['pixel_values', 'float32', ['n', 'channels', 'height', 'width']]], [IMAGES]);
    expect(readTowers({ vision: free, text }, EXPECTED).vision.batch).toBeNull();
  });

  it('takes the named output where there are others', () => {
    const more = graphWith([PIXELS], [['last_hidden_state', 'float32', ['n', 5, 32]], IMAGES]);
    expect(readTowers({ vision: more, text }, EXPECTED).vision.output.name).toBe('image_embeds');
  });

  it('takes a combined graph apart, each half with what it needs and nothing else', () => {
    const both = combinedGraph(TOY_MODEL);
    const towers = readTowers({ both }, EXPECTED);
    const picture = new OnnxFile(towers.vision.graph).signature;
    const words = new OnnxFile(towers.text.graph).signature;
    expect(picture.inputs.map(({ name }) => name)).toEqual(['pixel_values']);
    expect(picture.outputs.map(({ name }) => name)).toEqual(['image_embeds']);
    expect(words.inputs.map(({ name }) => name)).toEqual(['input_ids', 'attention_mask']);
    expect(words.outputs.map(({ name }) => name)).toEqual(['text_embeds']);
    // Both hold the noise that their weights are made of; neither holds the other's nodes.
    const noiseBytes = 65_521 * 4;
    expect(towers.vision.graph.length + towers.text.graph.length - noiseBytes).toBeLessThan(
      both.length * 1.01,
    );
  });

  it.each<[string, Parameters<typeof readTowers>[0], RegExp]>([
    ['no ONNX file', { vision: new TextEncoder().encode('<!doctype html>'), text }, /not a whole ONNX file/],
    ['nothing', { vision: new Uint8Array(0), text }, /not a whole ONNX file/],
    ['a file that was cut short', { vision: vision.slice(0, -1000), text }, /not a whole ONNX file/],
    [
      'weights in another file',
      { vision: graphWith([PIXELS], [IMAGES], [externalWeight('w', [1], 'model.onnx_data')]), text },
      /\.onnx_data/,
    ],
    [
      'another size than the configuration says',
      { vision: graphWith([['pixel_values', 'float32', ['n', 3, 224, 224]]], [IMAGES]), text },
      /224 × 224 pixels, while its preprocessor_config\.json says 32/,
    ],
    [
      'pictures in grey',
      { vision: graphWith([['pixel_values', 'float32', ['n', 1, 32, 32]]], [IMAGES]), text },
      /1 channels/,
    ],
    [
      'pictures as bytes',
      { vision: graphWith([['pixel_values', 'int32', ['n', 3, 32, 32]]], [IMAGES]), text },
      /pixel_values as int32/,
    ],
    [
      'a second input of the picture graph',
      { vision: graphWith([PIXELS, ['bool_masked_pos', 'int64', ['n', 4]]], [IMAGES]), text },
      /bool_masked_pos/,
    ],
    [
      'embeddings of another length',
      { vision: graphWith([PIXELS], [['image_embeds', 'float32', ['n', 768]]]), text },
      /768 numbers, while its config\.json says 512/,
    ],
    [
      'no embedding among the outputs',
      { vision: graphWith([PIXELS], [['last_hidden_state', 'float32', ['n', 5, 32]]]), text },
      /none of which is image_embeds/,
    ],
    [
      'position ids',
      { vision, text: graphWith([IDS, ['position_ids', 'int64', ['n', 't']]], [TEXTS]) },
      /position_ids/,
    ],
    [
      'ids as floats',
      { vision, text: graphWith([['input_ids', 'float32', ['n', 't']]], [TEXTS]) },
      /input_ids as float32/,
    ],
    [
      'a context that is longer than the configuration’s',
      { vision, text: graphWith([['input_ids', 'int64', ['n', 256]]], [TEXTS]) },
      /256 ids a text, while its config\.json allows 77/,
    ],
    [
      'one graph with logits only',
      { both: graphWith([PIXELS, IDS], [['logits_per_image', 'float32', ['n', 'm']]]) },
      /no output image_embeds, only logits_per_image/,
    ],
    [
      'one graph whose picture embedding depends on the text',
      { both: graphWith([PIXELS, IDS], [IMAGES, TEXTS]) },
      /not one input of pictures/,
    ],
  ])('refuses %s', (_, graphs, reason) => {
    expect(() => readTowers(graphs, EXPECTED)).toThrow(reason);
  });

  it('answers every damaged file with a sentence, at once', () => {
    const whole = graphWith([PIXELS, IDS], [IMAGES, TEXTS]);
    for (let bit = 0; bit < whole.length * 8; bit += 3) {
      const damaged = whole.slice();
      damaged[bit >> 3] = damaged[bit >> 3]! ^ (1 << (bit & 7));
      expect(() => readTowers({ both: damaged }, EXPECTED)).toThrow(FramesiftError);
    }
  }, 60_000);
});
