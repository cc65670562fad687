import fc from 'fast-check';
import { zipSync, strToU8 } from 'fflate';
import { describe, expect, it } from 'vitest';
import { toChatMessages } from '@/lib/exchange/chat-messages';
import { manifestToCsv } from '@/lib/exchange/csv';
import { toManifest } from '@/lib/exchange/manifest';
import { recogniseExport } from '@/lib/exchange/recognise';
import { writeZip } from '@/lib/exchange/zip';
import { makeSelection } from './fixtures';

const manifest = toManifest(makeSelection(), new Date('2026-11-22T20:00:00Z'));
const json = JSON.stringify(manifest);

describe('files that are ours', () => {
  it.each([
    ['{"framesift":1,"format":"rows","createdAt":"x","clips":0}\n', { kind: 'rows', format: 'jsonl' }],
    ['-- Framesift rows 1 {"framesift":1}\n', { kind: 'rows', format: 'sql' }],
    [manifestToCsv(manifest), { kind: 'selection', format: 'csv' }],
    [manifestToCsv(manifest).slice(1).replaceAll(',', ';'), { kind: 'selection', format: 'csv' }],
    [JSON.stringify(toChatMessages(manifest, [], 'openai')), { kind: 'selection', format: 'chat' }],
    [
      JSON.stringify({ messages: toChatMessages(manifest, [], 'anthropic') }, null, 2),
      { kind: 'selection', format: 'chat' },
    ],
    ['framesift-pg18-v1.2/state.txt\0', { kind: 'library-files' }],
    [json, { kind: 'selection', format: 'manifest' }],
    [JSON.stringify(manifest, null, 2), { kind: 'selection', format: 'manifest' }],
  ])('%#', async (text, expected) => {
    expect(await recogniseExport(new Blob([text]))).toEqual(expected);
  });

  it('ZIPs, packed by us or again by another program', async () => {
    const ours = await writeZip([{ name: 'manifest.json', content: json }], new Date());
    expect(await recogniseExport(ours)).toEqual({ kind: 'selection', format: 'zip' });
    const again = zipSync({ 'frames/a.jpg': new Uint8Array(200_000), 'manifest.json': strToU8(json) });
    expect(await recogniseExport(new Blob([Uint8Array.from(again)]))).toEqual({
      kind: 'selection',
      format: 'zip',
    });
  });
});

describe('files that are not', () => {
  it.each([
    '',
    'a,b,c\n1,2,3\n',
    '[{"role":"user","content":"hello"}]',
    '{"name":"framesift"}',
    'insert into events values (1);',
    '\u0089PNG\r\n',
    'PK\u0003\u0004 something else',
    'framesift-pg18-v1/no end of a name',
    'holiday/framesift-pg18-v1/x\0',
  ])('%j', async (text) => {
    expect(await recogniseExport(new Blob([text]))).toBeNull();
  });

  it('any bytes at all, without an error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(await recogniseExport(new Blob([Uint8Array.from(bytes)]))).toBeNull();
      }),
    );
  });
});
