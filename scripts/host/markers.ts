import { FramesiftError } from '@/lib/shared/errors';

/** What stands in `text` between `<!-- name -->` and `<!-- /name -->`. */
export function textBetweenMarkers(text: string, name: string): string {
  const { from, to } = placeOf(text, name);
  return text.slice(from, to);
}

/** `text` with what stands between `<!-- name -->` and `<!-- /name -->` replaced. */
export function replaceBetweenMarkers(text: string, name: string, content: string): string {
  const { from, to } = placeOf(text, name);
  return `${text.slice(0, from)}\n\n${content}\n\n${text.slice(to)}`;
}

function placeOf(text: string, name: string): { from: number; to: number } {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) {
    throw new FramesiftError('bad-input', `The document has no place for this report: ${start} … ${end}.`);
  }
  return { from: from + start.length, to };
}
