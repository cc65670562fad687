import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseClipFile, readClipsFolder } from '@/scripts/eval/clips-folder';
import { replaceBetweenMarkers } from '@/scripts/host/markers';

const QUESTION = { text: 'a red car', kind: 'moment', spans: [{ startMs: 1000, endMs: 2000 }] };
const CLIP = { id: 'a', file: 'a.webm', questions: [QUESTION] };

describe('parseClipFile', () => {
  it('takes the least that a clip can say, as a clip for testing', () => {
    expect(parseClipFile(JSON.stringify(CLIP), 'a.json')).toEqual({ ...CLIP, half: 'test' });
  });

  it.each([
    { name: 'no JSON', json: undefined, says: /a\.json is no JSON/ },
    { name: 'no questions', json: { ...CLIP, questions: [] }, says: /a\.json: questions/ },
    {
      name: 'an absent thing with a span',
      json: { ...CLIP, questions: [{ ...QUESTION, kind: 'absent' }] },
      says: /questions\.0: An absent thing has no spans/,
    },
    {
      name: 'a moment without one',
      json: { ...CLIP, questions: [{ ...QUESTION, spans: [] }] },
      says: /questions\.0: An absent thing has no spans, and everything else has some/,
    },
    {
      name: 'spans that overlap',
      json: {
        ...CLIP,
        questions: [{ ...QUESTION, spans: [QUESTION.spans[0], { startMs: 1500, endMs: 3000 }] }],
      },
      says: /questions\.0: Spans must be in time order/,
    },
    {
      name: 'a span that ends before it starts',
      json: { ...CLIP, questions: [{ ...QUESTION, spans: [{ startMs: 2000, endMs: 1000 }] }] },
      says: /questions\.0: Spans must be/,
    },
    {
      name: 'a kind that is none',
      json: { ...CLIP, questions: [{ ...QUESTION, kind: 'often' }] },
      says: /questions\.0\.kind/,
    },
  ])('names the file and the place of $name', ({ json, says }) => {
    expect(() => parseClipFile(json ? JSON.stringify(json) : '{', 'a.json')).toThrow(says);
  });
});

describe('readClipsFolder', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'framesift-clips-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('gives clips by name with a way to read them', async () => {
    await writeFile(join(folder, 'b.json'), JSON.stringify({ ...CLIP, id: 'b' }));
    await writeFile(join(folder, 'a.json'), JSON.stringify(CLIP));
    await writeFile(join(folder, 'a.webm'), 'film');
    const clips = await readClipsFolder(folder);
    expect(clips.map(({ truth }) => truth.id)).toEqual(['a', 'b']);
    expect((await clips[0]!.read()).toString()).toBe('film');
    await rm(join(folder, 'a.webm'));
    await expect(clips[1]!.read()).rejects.toThrow(/b\.json names a\.webm, which cannot be read in/);
  });

  it('says when there is no folder or nothing in it', async () => {
    await expect(readClipsFolder(join(folder, 'none'))).rejects.toThrow(/There is no folder/);
    await expect(readClipsFolder(folder)).rejects.toThrow(/No JSON file in .* describes a clip/);
  });
});

describe('replaceBetweenMarkers', () => {
  it('replaces what stands between, again and again', () => {
    const text = 'before\n<!-- x -->\n<!-- /x -->\nafter\n';
    const once = replaceBetweenMarkers(text, 'x', 'one');
    expect(once).toBe('before\n<!-- x -->\n\none\n\n<!-- /x -->\nafter\n');
    expect(replaceBetweenMarkers(once, 'x', 'two')).toBe(once.replace('one', 'two'));
  });

  it('refuses a document without a place', () => {
    expect(() => replaceBetweenMarkers('<!-- /x --> <!-- x -->', 'x', 'one')).toThrow(
      /no place for this report/,
    );
  });
});
