import { formatQuery, parseQuery } from '@/lib/query/parse';
import type { Query } from '@/lib/query/query';
import type { AttachmentSource } from '@/lib/shared/attachment-source';
import { formatTime } from '@/lib/shared/format';
import type { Attachment, Question } from './question';

/** A rectangle of a picture, in shares of its width and height, 0…1. */
export interface PictureArea {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** An attachment that has no number yet. */
export type NewAttachment = Omit<Attachment, 'number'>;

/** A picture that a person brings. */
export function pictureAttachment(image: File): NewAttachment {
  return { image, name: image.name, source: { kind: 'picture' } };
}

/**
 * A frame of a clip, for "more like this".
 *
 * @param image the best picture of it that is at hand
 */
export function frameAttachment(
  image: Blob,
  frame: { clipId: string; frameIndex: number; timestampMs: number },
): NewAttachment {
  const { clipId, frameIndex, timestampMs } = frame;
  const name = `the frame at ${formatTime(timestampMs, { tenths: true })}`;
  return { image, name, source: { kind: 'frame', clipId, frameIndex, timestampMs } };
}

/** The same attachment, of which only a part is left. */
export function cropAttachment<T extends NewAttachment>(attachment: T, image: Blob, area: PictureArea): T {
  const { name, source } = attachment;
  return {
    ...attachment,
    image,
    name: name.startsWith('part of ') ? name : `part of ${name}`,
    source: cropSource(source, area),
  };
}

function cropSource(source: AttachmentSource, area: PictureArea): AttachmentSource {
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
export function addAttachment(question: Question | null, attachment: NewAttachment): Question {
  const { text, attachments } = question ?? { text: '', attachments: [] };
  // The number of a picture that the text no longer speaks of is free again.
  const kept = attachments.filter((each) => new RegExp(`#${each.number}(?!\\d)`).test(text));
  const taken = new Set(kept.map(({ number }) => number));
  let number = 1;
  while (taken.has(number)) number += 1;
  const before = text.trim();
  const joint = before === '' ? '' : OPEN_END.test(before) ? ' ' : ' + ';
  return {
    text: `${before}${joint}#${number}`,
    attachments: [...kept, { ...attachment, number }],
  };
}

/** The question without a picture and the terms that name it. A text that cannot be read stays as it is. */
export function removeAttachment({ text, attachments }: Question, number: number): Question {
  return {
    text: withoutPicture(text, attachments, number),
    attachments: attachments.filter((attachment) => attachment.number !== number),
  };
}

function withoutPicture(text: string, attachments: readonly Attachment[], number: number): string {
  let query: Query;
  try {
    query = parseQuery(
      text,
      attachments.map((attachment) => attachment.number),
    );
  } catch {
    return text;
  }
  const alternatives = query.alternatives
    .map(({ terms }) => ({
      terms: terms.filter(({ content }) => content.kind === 'text' || content.attachment !== number),
    }))
    .filter(({ terms }) => terms.length > 0);
  return formatQuery({ alternatives });
}

/** The question without pictures that its text does not name, its text trimmed; the text must be readable. */
export function tidyQuestion({ text, attachments }: Question): Question {
  const { alternatives } = parseQuery(
    text,
    attachments.map(({ number }) => number),
  );
  const named = new Set(
    alternatives.flatMap(({ terms }) =>
      terms.map(({ content }) => (content.kind === 'picture' ? content.attachment : 0)),
    ),
  );
  return { text: text.trim(), attachments: attachments.filter(({ number }) => named.has(number)) };
}
