import type { ClipSummary } from '@/lib/ports/library';
import type { Answer, SearchRequest } from '@/lib/ports/search';
import type { Question } from '@/lib/ask/question';
import type { SelectionToExport } from '@/lib/exchange/selection-to-export';

/** An answer with everything that led to it, as every export wants it. */
export function selectionOfAnswer(
  answer: Answer,
  question: Question,
  request: SearchRequest,
  clips: readonly ClipSummary[],
  modelVersion: string,
): SelectionToExport {
  const { count, range, pinned, dropped, strategy } = request;
  return {
    question,
    strategy,
    parameters: { count, range, pinned, dropped },
    modelVersion,
    verdict: answer.verdict?.kind ?? null,
    // The whole clip is no stretch of it: what is cut then is around the picked frames.
    spans: answer.verdict?.kind === 'whole' ? [] : (answer.verdict?.spans ?? []),
    clips: clips.map(({ id, fileName, fileFingerprint, durationMs, width, height }) => ({
      clipId: id,
      fileName,
      fingerprint: fileFingerprint,
      durationMs,
      width,
      height,
    })),
    frames: answer.frames,
  };
}
