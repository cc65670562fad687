import { describe, expect, it } from 'vitest';
import { modelVersionOf } from '@/lib/models/model-config';
import {
  candidatePaths,
  looksLikeModel,
  ownModelId,
  ownModelName,
  planOwnModel,
  revisionOfFiles,
} from '@/lib/models/own-model';

const JSONS = ['config.json', 'preprocessor_config.json', 'tokenizer.json'];
const TOWERS = ['onnx/vision_model.onnx', 'onnx/text_model.onnx'];
const inFolder = (folder: string, paths: string[]) => paths.map((path) => `${folder}/${path}`);

describe('planOwnModel', () => {
  it('finds a folder’s model, wherever the folder lies', () => {
    const paths = [
      ...inFolder('downloads/my-clip', [...JSONS, ...TOWERS, 'README.md', 'golden.json']),
      'x.txt',
    ];
    const { files, graphs } = planOwnModel(paths);
    expect(files.map(({ path }) => path)).toEqual([...JSONS, 'golden.json']);
    expect(files[0]!.from).toBe('downloads/my-clip/config.json');
    expect([...graphs.keys()]).toEqual(['fp32']);
    expect(graphs.get('fp32')!.map(({ path }) => path)).toEqual(TOWERS);
  });

  it('finds every dtype, and towers before one graph with both', () => {
    const { graphs } = planOwnModel([
      ...JSONS,
      ...TOWERS,
      'onnx/model.onnx',
      'onnx/model_quantized.onnx',
      'onnx/vision_model_fp16.onnx',
    ]);
    expect(Array.from(graphs, ([dtype, files]) => [dtype, files.length])).toEqual([
      ['fp32', 2],
      ['q8', 1],
    ]);
  });

  it('takes loose files and graphs that lie beside the others', () => {
    const { graphs } = planOwnModel([...JSONS, 'vision_model.onnx', 'text_model.onnx']);
    expect(graphs.get('fp32')).toEqual([
      { path: 'onnx/vision_model.onnx', from: 'vision_model.onnx' },
      { path: 'onnx/text_model.onnx', from: 'text_model.onnx' },
    ]);
  });

  it.each([
    ['no tokenizer', [...JSONS.slice(0, 2), ...TOWERS], /Missing: tokenizer\.json\./],
    ['no configuration', [...JSONS.slice(1), ...TOWERS], /Missing: config\.json/],
    [
      'one tower',
      [...JSONS, TOWERS[0]!],
      /text_model\.onnx.*graphs that are there: onnx\/vision_model\.onnx/,
    ],
    ['another dtype', [...JSONS, 'onnx/model_q4.onnx'], /are there: onnx\/model_q4\.onnx/],
    ['weights for PyTorch', [...JSONS, 'model.safetensors'], /exported to ONNX first/],
    ['weights beside the graph', [...JSONS, ...TOWERS, 'onnx/text_model.onnx_data'], /file of their own/],
  ])('refuses %s', (_, paths, message) => {
    expect(() => planOwnModel(paths)).toThrow(message);
  });

  it('leaves out only the dtype whose weights lie beside the graph', () => {
    const { graphs } = planOwnModel([
      ...JSONS,
      ...TOWERS,
      'onnx/text_model.onnx_data',
      'onnx/model_quantized.onnx',
    ]);
    expect([...graphs.keys()]).toEqual(['q8']);
  });

  it('would use every path that it asks a server for', () => {
    const { files, graphs } = planOwnModel(candidatePaths());
    expect(files).toHaveLength(6);
    expect(graphs.size).toBe(3);
  });
});

describe('looksLikeModel', () => {
  it.each([
    [['clip/onnx/model.onnx'], true],
    [['tokenizer.json'], true],
    [['holiday.mp4', 'beach.jpg'], false],
    [['my.config.json'], false],
  ])('%j: %s', (paths, is) => expect(looksLikeModel(paths)).toBe(is));
});

describe('an own model’s id', () => {
  it('is the same for the same origin and tells others apart', () => {
    const id = ownModelId('My CLIP (v2)', 'https://example.org/a');
    expect(id).toMatch(/^own-my-clip-v2-[0-9a-f]{6}$/);
    expect(ownModelId('My CLIP (v2)', 'https://example.org/a')).toBe(id);
    expect(ownModelId('My CLIP (v2)', 'https://example.org/b')).not.toBe(id);
  });

  it.each(['', '模型', 'a'.repeat(100)])('fits beside its embeddings whatever the name: %j', (name) => {
    expect(modelVersionOf(ownModelId(name, 'x'), 'f'.repeat(64), 'fp32').length).toBeLessThanOrEqual(50);
  });

  it('goes with a revision that changes with any file', () => {
    const files = [
      { path: 'a', sha256: '1' },
      { path: 'b', sha256: '2' },
    ];
    const revision = revisionOfFiles(files);
    expect(revisionOfFiles([...files].reverse())).toBe(revision);
    expect(revisionOfFiles([files[0]!, { path: 'b', sha256: '3' }])).not.toBe(revision);
  });
});

describe('ownModelName', () => {
  it.each([
    ['https://huggingface.co/someone/tiny-clip/resolve/main', 'tiny-clip'],
    ['https://example.org/models/clip-x', 'clip-x'],
    ['folder', 'folder'],
  ])('of %s', (from, name) => expect(ownModelName(from)).toBe(name));
});
