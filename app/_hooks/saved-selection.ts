import type { TimeRange } from '@/lib/ports/search';
import { MAX_ANSWER_FRAMES, type StrategyId } from '@/lib/select/selection';
import type { QueryImage, Question } from '@/lib/ask/question';
import type { SavedSelection } from '@/lib/exchange/import';
import { findStrategy, STRATEGIES } from '@/lib/select/strategies';
import { FramesiftError } from '@/lib/shared/errors';
import { getFramesift } from './framesift';
import type { Edits } from './use-edits';

/** What a view begins with that shows a selection again. */
export interface RestoredSelection {
  question: Question;
  clipIds: string[];
  range: TimeRange | null;
  strategy: StrategyId;
  count: number;
  edits: Edits;
}

/**
 * A selection that came back from a file, with the pictures that it was asked with.
 *
 * @throws FramesiftError `bad-input` where a picture is neither in the file nor in the library
 */
export async function restoreSelection({
  question,
  strategy,
  parameters,
  clips,
}: SavedSelection): Promise<RestoredSelection> {
  const images: QueryImage[] = [];
  for (const { number, name, source, image } of question.images) {
    const picture = image ?? (source.kind === 'frame' ? await storedPicture(source) : null);
    if (!picture) {
      throw new FramesiftError(
        'bad-input',
        `This selection was asked for with a picture (${name}) that is not in the file. Only a ZIP brings such pictures along; export it as one.`,
      );
    }
    images.push({ number, name, source, image: picture });
  }
  return {
    question: { text: question.text, images },
    clipIds: clips.map(({ clipId }) => clipId),
    range: parameters.range,
    strategy: (findStrategy(strategy) ?? STRATEGIES[0]!).id,
    count: Math.min(MAX_ANSWER_FRAMES, Math.max(1, parameters.count)),
    edits: { pinned: parameters.pinned, dropped: parameters.dropped },
  };
}

async function storedPicture(source: { clipId: string; frameIndex: number }): Promise<Blob | null> {
  const { database } = getFramesift().services;
  const [picture] = await database.readThumbnails(source.clipId, [source.frameIndex]);
  return picture ?? null;
}
