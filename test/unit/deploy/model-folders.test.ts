import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { selfHostedModel } from '@/lib/models/self-hosted';
import { readModelFolders, versionedModelPath } from '@/scripts/deploy/model-folders';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'framesift-models-'));
  mkdirSync(join(folder, 'small/onnx'), { recursive: true });
  writeFileSync(join(folder, 'small/config.json'), '{}');
  writeFileSync(join(folder, 'small/onnx/vision_model.onnx'), 'weights');
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  vi.unstubAllEnvs();
});

const digest = () => readModelFolders(folder)[0]!.digest;

describe('a model’s path in a build', () => {
  it('is the same for the same files', () => {
    expect(readModelFolders(folder)).toEqual([{ id: 'small', digest: digest() }]);
    expect(digest()).toMatch(/^[0-9a-f]{12}$/);
  });

  it('changes with a file’s content, its name, and another file', () => {
    const seen = [digest()];
    writeFileSync(join(folder, 'small/onnx/vision_model.onnx'), 'better weights');
    seen.push(digest());
    writeFileSync(join(folder, 'small/calibration.json'), '{}');
    seen.push(digest());
    rmSync(join(folder, 'small/calibration.json'));
    writeFileSync(join(folder, 'small/calibration2.json'), '{}');
    seen.push(digest());
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('is where the page looks for the model', () => {
    expect(selfHostedModel('small')).toBe('/models/small');
    const [model] = readModelFolders(folder);
    vi.stubEnv('FRAMESIFT_MODEL_DIGESTS', JSON.stringify({ small: model!.digest }));
    expect(`${selfHostedModel('small')}/`).toBe(versionedModelPath(model!));
    expect(selfHostedModel('other')).toBe('/models/other');
  });

  it('needs no folder of models', () => {
    expect(readModelFolders(join(folder, 'none'))).toEqual([]);
  });
});
