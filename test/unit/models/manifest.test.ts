import { describe, expect, it } from 'vitest';
import { readManifest } from '@/lib/models/manifest';

const FILE = { bytes: 3, sha256: '0'.repeat(64), checked: 'sha256', from: 'files' };
const MANIFEST = { format: 1, id: 'tiny', name: 'Tiny', files: { 'onnx/model.onnx': FILE } };

describe('readManifest', () => {
  it.each([
    { what: 'one without an origin', manifest: MANIFEST },
    { what: 'one with an origin', manifest: { ...MANIFEST, origin: 'https://models.example/tiny/' } },
    { what: 'one that names no file yet', manifest: { ...MANIFEST, files: {} } },
  ])('reads $what', ({ manifest }) => {
    expect(readManifest(JSON.stringify(manifest))).toEqual(manifest);
  });

  it.each([
    { what: 'another format', json: JSON.stringify({ ...MANIFEST, format: 2 }) },
    { what: 'no id', json: JSON.stringify({ ...MANIFEST, id: undefined }) },
    { what: 'a name that is no text', json: JSON.stringify({ ...MANIFEST, name: 1 }) },
    { what: 'an origin that is no text', json: JSON.stringify({ ...MANIFEST, origin: null }) },
    { what: 'a list of files', json: JSON.stringify({ ...MANIFEST, files: [FILE] }) },
    {
      what: 'a path that leaves the folder',
      json: JSON.stringify({ ...MANIFEST, files: { '../model.onnx': FILE } }),
    },
    { what: 'a negative length', json: withFile({ bytes: -1 }) },
    { what: 'a length that is no whole number', json: withFile({ bytes: 1.5 }) },
    { what: 'a digest that is too short', json: withFile({ sha256: '0'.repeat(63) }) },
    { what: 'an unknown check', json: withFile({ checked: 'trust' }) },
    { what: 'no word on where a file is from', json: withFile({ from: undefined }) },
    { what: 'null', json: 'null' },
    { what: 'no JSON', json: '{' },
  ])('refuses $what', ({ json }) => {
    expect(readManifest(json)).toBeNull();
  });
});

function withFile(change: object): string {
  return JSON.stringify({ ...MANIFEST, files: { 'onnx/model.onnx': { ...FILE, ...change } } });
}
