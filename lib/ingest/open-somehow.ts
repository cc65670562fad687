import type { ClipFacts } from '@/lib/ports/media';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';

/** A clip that can be read in one way or the other. */
export interface OpenedSomehow {
  facts: ClipFacts;
  decoder: 'webcodecs' | 'element';
  /** A small picture of it; null where none came out. */
  preview: Blob | null;
}

/** The two ways to the pictures of a clip. */
export interface WaysToOpen {
  /** The demuxer and WebCodecs; null where the player is to be used. */
  decoder: { facts: () => Promise<ClipFacts>; preview: () => Promise<Blob> } | null;
  /** The browser's player, which must show a picture to be believed. `known` are the facts of the demuxer. */
  player: (known: ClipFacts | undefined) => Promise<OpenedSomehow>;
}

/**
 * Finds the way in which a clip can be read. WebCodecs is tried first, with a picture for proof: a browser may say that
 * it decodes a codec and fail at it. What gives none may still be a clip that the player plays.
 *
 * @throws FramesiftError with a sentence on what the file is and what to do, when neither can
 */
export async function openSomehow({ decoder, player }: WaysToOpen): Promise<OpenedSomehow> {
  if (!decoder) return player(undefined);
  let facts: ClipFacts | undefined;
  let problem: FramesiftError;
  try {
    facts = await decoder.facts();
    if (facts.decodable) return { facts, decoder: 'webcodecs', preview: await decoder.preview() };
    problem = new FramesiftError(
      'unsupported-video',
      facts.problem ?? 'This browser cannot decode this clip.',
    );
  } catch (error) {
    problem = toFramesiftError(error);
    // A file that is no clip is no better in a player, which would only stall on it.
    if (!facts && problem.code !== 'unsupported-video') throw problem;
  }
  try {
    return await player(facts);
  } catch (error) {
    const told = `${problem.message} ${describePlayer(problem, toFramesiftError(error))}`;
    if (!facts?.decodable) throw new FramesiftError(problem.code, told, { cause: error });
    // The moments between those of the preview may be better.
    return {
      facts: { ...facts, problem: `No picture of this clip could be shown. ${told}` },
      decoder: 'webcodecs',
      preview: null,
    };
  }
}

/** Where it is known what keeps this browser from the clip, the player's guess that it is damaged is wrong. */
function describePlayer(problem: FramesiftError, { code, message }: FramesiftError): string {
  const isGuess = code === 'unreadable-video' && problem.code === 'unsupported-video';
  return code === 'unsupported-video' || isGuess
    ? 'This browser’s player was tried as well and cannot play it.'
    : `This browser’s player was tried as well: ${message}`;
}
