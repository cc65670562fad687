import { describe, expect, it } from 'vitest';
import {
  addImage,
  cropImage,
  imageOfFrame,
  imageOfFile,
  removeImage,
  tidyQuestion,
} from '@/lib/ask/query-images';
import type { Question } from '@/lib/ask/question';
import { QuerySyntaxError } from '@/lib/query/parse';

const picture = imageOfFile(new File(['x'], 'cat.png'));

function question(text: string, ...numbers: number[]): Question {
  return { text, images: numbers.map((number) => ({ ...picture, number })) };
}

function outline({ text, images }: Question): [string, number[]] {
  return [text, images.map(({ number }) => number)];
}

describe('addImage', () => {
  it.each<[Question | null, string, number[]]>([
    [null, '#1', [1]],
    [question('  '), '#1', [1]],
    [question('dog'), 'dog + #1', [1]],
    [question('dog - '), 'dog - #1', [1]],
    [question('dog −'), 'dog − #1', [1]],
    [question('dog |'), 'dog | #1', [1]],
    [question('-'), '- #1', [1]],
    [question('dog | cat-'), 'dog | cat- + #1', [1]],
    [question('#1 - snow', 1), '#1 - snow + #2', [1, 2]],
    [question('#2', 2), '#2 + #1', [2, 1]],
    [question('dog - ', 1), 'dog - #1', [1]],
    [question('#12', 1, 12), '#12 + #1', [12, 1]],
  ])('%j becomes “%s”', (before, text, numbers) => {
    expect(outline(addImage(before, picture))).toEqual([text, numbers]);
  });
});

describe('removeImage', () => {
  it.each<[Question, number, string, number[]]>([
    [question('#1', 1), 1, '', []],
    [question('dog + 2:#1 - cat', 1), 1, 'dog - cat', []],
    [question('#1 - cat', 1), 1, '-cat', []],
    [question('#1 | "#1" | #2 + #1', 1, 2), 1, '"#1" | #2', [2]],
    [question('dog', 1), 1, 'dog', []],
    [question('dog + ', 1), 1, 'dog + ', []],
  ])('of %j leaves what else is asked', (before, number, text, numbers) => {
    expect(outline(removeImage(before, number))).toEqual([text, numbers]);
  });
});

describe('tidyQuestion', () => {
  it('drops pictures that the text does not name', () => {
    expect(outline(tidyQuestion(question(' #2 + "#1" ', 1, 2, 3)))).toEqual(['#2 + "#1"', [2]]);
  });

  it('refuses what cannot be read, with the place in the text as it is', () => {
    expect(() => tidyQuestion(question(' dog +'))).toThrow(QuerySyntaxError);
    expect(() => tidyQuestion(question(' dog +'))).toThrow(expect.objectContaining({ start: 5, end: 6 }));
  });
});

describe('cropImage', () => {
  const image = new Blob(['part']);
  const area = { x: 0.5, y: 0.2, width: 0.5, height: 0.4 };
  const frame = { clipId: 'clip', frameIndex: 3, timestampMs: 61_250 };

  it('keeps where in the frame a part lies, and where the part of a part', () => {
    const whole = { ...imageOfFrame(new Blob(), frame), number: 4 };
    expect(whole.name).toBe('the frame at 1:01.2');
    const part = cropImage(whole, image, area);
    expect(part).toEqual({
      number: 4,
      image,
      name: 'part of the frame at 1:01.2',
      source: { kind: 'crop', ...frame, ...area },
    });
    const smaller = cropImage(part, image, { x: 0.5, y: 0.5, width: 0.5, height: 0.5 });
    expect(smaller.name).toBe(part.name);
    expect(smaller.source).toMatchObject({ x: 0.75, y: 0.4, width: 0.25, height: 0.2 });
  });

  it('leaves a picture from elsewhere one', () => {
    expect(cropImage(picture, image, area)).toEqual({
      image,
      name: 'part of cat.png',
      source: { kind: 'picture' },
    });
  });
});
