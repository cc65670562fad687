import type { LoadedModel } from '@/lib/ports/encoder';
import type { Answer, EncodedQuestion, SearchRequest } from '@/lib/ports/search';
import { throwIfCancelled } from '@/lib/shared/async';
import { answerQuestion, type AnswerServices } from './answer';
import { encodeQuestion, type QuestionServices } from './question';

/** Questions to offer of a clip; more would be a list to read. */
export const MAX_EXAMPLES = 4;

/**
 * What clips of all kinds show, in words that small models know too. Each is asked of the clip, and offered only where
 * the answer is that it is there, or may be.
 */
const EXAMPLE_CANDIDATES = [
  'a person',
  'several people',
  'a face',
  'a child',
  'a car',
  'a bus or a truck',
  'a bicycle',
  'a train',
  'a boat',
  'a dog',
  'a cat',
  'a bird',
  'a horse',
  'flowers',
  'trees and grass',
  'a forest',
  'mountains',
  'snow',
  'a beach',
  'water',
  'blue sky',
  'sunset',
  'a street',
  'buildings',
  'a city at night',
  'a room with furniture',
  'a kitchen',
  'food on a plate',
  'a bottle',
  'a screen with text',
  'people playing sports',
  'a stage with lights',
] as const;

/** Embeddings of the candidates by model; made once, they serve every clip. */
const encodedByModel = new Map<string, Map<string, EncodedQuestion>>();

/**
 * Questions that a clip seems to answer, the surest first; each is asked as it would be after a click on it, so that none
 * is offered that the page would then call absent.
 *
 * @param signal ends the search before its next step
 * @throws FramesiftError `cancelled`
 */
export async function likelyExamples(
  services: QuestionServices & AnswerServices,
  model: LoadedModel,
  clip: { clipId: string; durationMs: number | null },
  signal: AbortSignal,
): Promise<string[]> {
  const found: FoundExample[] = [];
  for (const text of EXAMPLE_CANDIDATES) {
    throwIfCancelled(signal);
    const question = await encoded(services, model, text);
    const request: SearchRequest = {
      clips: [clip],
      range: null,
      strategy: 'auto',
      count: 1,
      pinned: [],
      dropped: [],
    };
    const answer = await answerQuestion(services, question, request, {}, undefined, signal);
    const example = exampleOf(text, answer);
    if (example) found.push(example);
  }
  return chooseExamples(found);
}

/** A candidate that a clip seems to show. */
export interface FoundExample {
  text: string;
  /** Of its best frame. */
  score: number;
  frameIndex: number;
  /** Whether the page will say that it is there, and not only that it may be. */
  isSure: boolean;
}

/** Null where the page would say that nothing in the clip looks like it, or would not know. */
export function exampleOf(text: string, { verdict, frames }: Answer): FoundExample | null {
  const [best] = frames;
  if (!best || !verdict || verdict.kind === 'absent') return null;
  const isSure = verdict.kind !== 'perhaps';
  return { text, score: best.likelihood ?? best.score, frameIndex: best.frameIndex, isSure };
}

/** The best of what was found; of those that are best shown by the same frame, the surest comes before the others. */
export function chooseExamples(found: readonly FoundExample[]): string[] {
  const ranked = [...found].sort((a, b) => Number(b.isSure) - Number(a.isSure) || b.score - a.score);
  const firsts = ranked.filter(
    ({ frameIndex }, i) => ranked.findIndex((other) => other.frameIndex === frameIndex) === i,
  );
  const others = ranked.filter((example) => !firsts.includes(example));
  return [...firsts, ...others].slice(0, MAX_EXAMPLES).map(({ text }) => text);
}

async function encoded(
  services: QuestionServices & AnswerServices,
  model: LoadedModel,
  text: string,
): Promise<EncodedQuestion> {
  const known = encodedByModel.get(model.modelVersion) ?? new Map<string, EncodedQuestion>();
  encodedByModel.set(model.modelVersion, known);
  const question = known.get(text) ?? (await encodeQuestion(services, model, { text, images: [] }));
  known.set(text, question);
  return question;
}
