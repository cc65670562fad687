import type { ModelDtype } from '@/lib/ports/models';
import { describe, expect, it } from 'vitest';
import { BETTER_MODEL, isWithinReach, servedModel } from '@/lib/models/better-model';
import { filesOf, findModel } from '@/lib/models/catalog';

const served = (modelId: string, ...dtypes: ModelDtype[]) => {
  const entry = findModel(modelId)!;
  const files = dtypes.flatMap((dtype) => filesOf(entry, dtype)!);
  const facts = { bytes: 1, sha256: '0'.repeat(64), checked: 'sha256' as const, from: 'x' };
  return {
    manifest: {
      format: 1 as const,
      id: modelId,
      name: entry.name,
      files: Object.fromEntries(files.map(({ path }) => [path, facts])),
    },
    baseUrl: `/models/${modelId}`,
  };
};

describe('the better model', () => {
  it('is in the catalogue, in a format that it comes in', () => {
    expect(findModel(BETTER_MODEL.modelId)!.graphs.has(BETTER_MODEL.dtype)).toBe(true);
  });
});

describe('servedModel', () => {
  it('is none where a deployment serves only what comes with the page', () => {
    expect(servedModel([])).toBeNull();
  });

  it('is what a deployment has pulled, whole', () => {
    expect(servedModel([served('clip-vit-b32', 'q8')])).toEqual({ modelId: 'clip-vit-b32', dtype: 'q8' });
    expect(servedModel([served('clip-vit-b32', 'fp16')])).toEqual({ modelId: 'clip-vit-b32', dtype: 'fp16' });
    expect(servedModel([served('tinyclip-8m', 'q8')])).toEqual({ modelId: 'tinyclip-8m', dtype: 'q8' });
  });

  it('is the better one of two', () => {
    const both = [served('tinyclip-8m', 'q8'), served('clip-vit-b32', 'q8')];
    expect(servedModel(both)).toEqual({ modelId: 'clip-vit-b32', dtype: 'q8' });
  });

  it('is none while a file is missing', () => {
    const half = served('clip-vit-b32', 'q8');
    delete half.manifest.files['onnx/text_model_quantized.onnx'];
    expect(servedModel([half])).toBeNull();
  });
});

describe('isWithinReach', () => {
  const anywhere = ['https:', 'http://localhost:*', 'http://127.0.0.1:*'];
  const at = (mirrorBaseUrl: string | null) => ({ mirrorBaseUrl, hosted: [] });

  it.each([
    ['the Hub, with any source allowed', at(null), anywhere, true],
    ['a mirror on this computer', at('http://127.0.0.1:8123/hub'), anywhere, true],
    ['a mirror without encryption elsewhere', at('http://models.example'), anywhere, false],
    ['the Hub, with this site alone allowed', at(null), [], false],
    ['the Hub, with another origin allowed', at(null), ['https://models.example'], false],
    ['the allowed origin', at('https://models.example/hub'), ['https://models.example'], true],
    ['this site', { mirrorBaseUrl: null, hosted: [served('clip-vit-b32', 'q8')] }, [], true],
  ])('%s', (_, settings, sources, expected) => {
    expect(isWithinReach(settings, sources)).toBe(expected);
  });
});
