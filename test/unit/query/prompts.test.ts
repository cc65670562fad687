import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MAX_QUERY_LENGTH, promptsFor } from '@/lib/query/prompts';

describe('promptsFor', () => {
  it.each([
    ['red car', 'a photo of a red car'],
    ['a red car', 'a photo of a red car'],
    ['umbrella', 'a photo of an umbrella'],
    ['two dogs', 'a photo of two dogs'],
    ['flowers', 'a photo of flowers'],
    ['grass', 'a photo of grass'],
    ['bus', 'a photo of a bus'],
    ['people', 'a photo of people'],
    ['dog on grass', 'a photo of dog on grass'],
    ['  the   beach ', 'a photo of the beach'],
    ['Where is the dog?', 'a photo of the dog'],
    ['who', 'a photo of a who'],
  ])('puts the name “%s” into sentences', (query, first) => {
    const prompts = promptsFor(query);
    expect(prompts[0]).toBe(first);
    expect(prompts.length).toBeGreaterThan(1);
  });

  it.each([
    ['a man throws a ball to his dog', 'a man throws a ball to his dog'],
    ['Show me a red car at the gate!', 'a red car at the gate'],
    ['who left the parcel at the door?', 'left the parcel at the door'],
  ])('leaves the sentence “%s” as a caption', (query, caption) => {
    expect(promptsFor(query)).toEqual([caption]);
  });

  it.each(['', '   ', '\n\t'])('refuses the empty question %j', (query) => {
    expect(() => promptsFor(query)).toThrow(/Type a few words/);
  });

  it('refuses what no model reads to its end', () => {
    expect(promptsFor('x'.repeat(MAX_QUERY_LENGTH))).toHaveLength(3);
    expect(() => promptsFor('x'.repeat(MAX_QUERY_LENGTH + 1))).toThrow(/501 characters/);
  });

  it('keeps a question that is nothing but a frame', () => {
    expect(promptsFor('?')[0]).toContain('?');
  });
});

/** The model's figures and its calibration hold only for the sentences that they were measured with. */
it('makes the sentences that training/queries.py measures with', () => {
  const source = readFileSync(join(import.meta.dirname, '../../../training/queries.py'), 'utf8');
  const templates = /^TEMPLATES = \((.*)\)$/m
    .exec(source)![1]!
    .split(',')
    .map((quoted): string => JSON.parse(quoted) as string);
  const words = Number(/^SHORT_QUERY_WORDS = (\d+)$/m.exec(source)![1]);
  const name = ['a', ...Array<string>(words - 1).fill('word')].join(' ');
  expect(promptsFor(name)).toEqual(templates.map((template: string) => template.replace('{}', name)));
  expect(promptsFor(`${name} more`)).toEqual([`${name} more`]);
});
