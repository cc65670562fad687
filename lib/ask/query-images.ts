import { formatQuery, parseQuery } from '@/lib/query/parse';
import type { Query } from '@/lib/query/query';
import type { ImageSource } from '@/lib/shared/image-source';
import { formatTime } from '@/lib/shared/format';
import type { QueryImage, Question } from './question';

/** A rectangle of a picture, in shares of its width and height, 0…1. */
export interface PictureArea {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** An image of a query that has no number yet. */
export type NewQueryImage = Omit<QueryImage, 'number'>;

/** A picture that a person brings. */
export function imageOfFile(image: File): NewQueryImage {
  return { image, name: image.name, source: { kind: 'picture' } };
}

/**
 * A frame of a clip, for "more like this".
 *
 * @param image the best picture of it that is at hand
 */
export function imageOfFrame(
  image: Blob,
  frame: { clipId: string; frameIndex: number; timestampMs: number },
): NewQueryImage {
  const { clipId, frameIndex, timestampMs } = frame;
  const name = `the frame at ${formatTime(timestampMs, { tenths: true })}`;
  return { image, name, source: { kind: 'frame', clipId, frameIndex, timestampMs } };
}

/** The same image, of which only a part is left. */
export function cropImage<T extends NewQueryImage>(queryImage: T, image: Blob, area: PictureArea): T {
  const { name, source } = queryImage;
  return {
    ...queryImage,
    image,
    name: name.startsWith('part of ') ? name : `part of ${name}`,
    source: cropSource(source, area),
  };
}

function cropSource(source: ImageSource, area: PictureArea): ImageSource {
  switch (source.kind) {
    case 'picture':
      return source;
    case 'frame':
      return { ...source, ...area, kind: 'crop' };
    case 'crop':
      return {
        ...source,
        x: source.x + area.x * source.width,
        y: source.y + area.y * source.height,
        width: area.width * source.width,
        height: area.height * source.height,
      };
  }
}

/** A sign or a bar that waits for what it is about. */
const OPEN_END = /(?:^|[\s|])[+\-\u2212\u2013]\s*$|\|\s*$/u;

/**
 * The question with one more picture: after a sign that waits for one, or wanted beside what is there.
 *
 * @param question null for the picture alone
 */
export function addImage(question: Question | null, queryImage: NewQueryImage): Question {
  const { text, images } = question ?? { text: '', images: [] };
  // The number of a picture that the text no longer speaks of is free again.
  const kept = images.filter((each) => new RegExp(`#${each.number}(?!\\d)`).test(text));
  const taken = new Set(kept.map(({ number }) => number));
  let number = 1;
  while (taken.has(number)) number += 1;
  const before = text.trim();
  const joint = before === '' ? '' : OPEN_END.test(before) ? ' ' : ' + ';
  return {
    text: `${before}${joint}#${number}`,
    images: [...kept, { ...queryImage, number }],
  };
}

/** The question without a picture and the terms that name it. A text that cannot be read stays as it is. */
export function removeImage({ text, images }: Question, number: number): Question {
  return {
    text: withoutPicture(text, images, number),
    images: images.filter((queryImage) => queryImage.number !== number),
  };
}

function withoutPicture(text: string, images: readonly QueryImage[], number: number): string {
  let query: Query;
  try {
    query = parseQuery(
      text,
      images.map((queryImage) => queryImage.number),
    );
  } catch {
    return text;
  }
  const alternatives = query.alternatives
    .map(({ terms }) => ({
      terms: terms.filter(({ content }) => content.kind === 'text' || content.image !== number),
    }))
    .filter(({ terms }) => terms.length > 0);
  return formatQuery({ alternatives });
}

/** The question without pictures that its text does not name, its text trimmed; the text must be readable. */
export function tidyQuestion({ text, images }: Question): Question {
  const { alternatives } = parseQuery(
    text,
    images.map(({ number }) => number),
  );
  const named = new Set(
    alternatives.flatMap(({ terms }) =>
      terms.map(({ content }) => (content.kind === 'picture' ? content.image : 0)),
    ),
  );
  return { text: text.trim(), images: images.filter(({ number }) => named.has(number)) };
}
