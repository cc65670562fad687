import { FramesiftError } from '@/lib/shared/errors';

/** `text` with what stands between `<!-- name -->` and `<!-- /name -->` replaced. */
export function replaceBetweenMarkers(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(start);
  const to = text.indexOf(end, from);
  if (from < 0 || to < 0) {
    throw new FramesiftError('bad-input', `The document has no place for this report: ${start} … ${end}.`);
  }
  return `${text.slice(0, from + start.length)}\n\n${content}\n\n${text.slice(to)}`;
}
