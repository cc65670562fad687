import { FramesiftError } from '@/lib/shared/errors';

/** A question of so many words or fewer is a name rather than a sentence. */
const SHORT_QUERY_WORDS = 3;

/** Longest question in characters. What exceeds a model's context is read in parts, whose mean says less the more there are. */
export const MAX_QUERY_LENGTH = 500;

/** Said where nothing is asked. */
export const EMPTY_QUERY = 'Type a few words about what you want to see, such as “a red car”.';

/**
 * Sentences that a bare name is put into; their embeddings are averaged. CLIP was trained on captions, and
 * reads a caption better than a word (Radford et al. 2021, section 3.1.4).
 */
const TEMPLATES = [
  (name: string) => `a photo of ${name}`,
  (name: string) => `a picture showing ${name}`,
  (name: string) => name,
];

/** Question words and politeness, which captions do not have. */
const QUESTION_FRAME =
  /^(?:please\s+)?(?:(?:can you\s+)?(?:find|show)(?: me)?|where (?:is|are|was|were)|when (?:is|was) there|when (?:is|was|does|did)|is there|are there|who(?: is| was)?|what(?: is| was)?|which|do you see|can you see)\s+/i;

/**
 * The texts to be encoded for a typed question, the mean of whose embeddings stands for it.
 *
 * @throws FramesiftError `bad-input` when it is empty or too long
 */
export function promptsFor(query: string): string[] {
  const text = query.trim().replace(/\s+/gu, ' ');
  if (text === '') {
    throw new FramesiftError('bad-input', EMPTY_QUERY);
  }
  if (text.length > MAX_QUERY_LENGTH) {
    throw new FramesiftError(
      'bad-input',
      `That question has ${text.length} characters. Ask in ${MAX_QUERY_LENGTH} or fewer; a short description works best.`,
    );
  }
  const caption =
    text
      .replace(/[?!.]+$/u, '')
      .replace(QUESTION_FRAME, '')
      .trim() || text;
  if (caption.split(' ').length > SHORT_QUERY_WORDS) return [caption];
  const name = /^(?:an?|the|some|two|three)\s/i.test(caption) ? caption : withArticle(caption);
  return TEMPLATES.map((template) => template(name));
}

/** Things that are not counted, and so take no article. */
const UNCOUNTED =
  /\b(?:grass|snow|rain|water|sand|smoke|fire|fog|ice|food|traffic|furniture|night|daylight|people|children|men|women)$/i;

/** "red car" → "a red car"; what looks like a plural, a substance or already a phrase stays as it is. */
function withArticle(name: string): string {
  if (name.includes(' ') && /\b(?:in|on|at|of|with|and|by)\b/i.test(name)) return name;
  if (UNCOUNTED.test(name) || (/s$/i.test(name) && !/(?:ss|us)$/i.test(name))) return name;
  return /^[aeiou]/i.test(name) ? `an ${name}` : `a ${name}`;
}
