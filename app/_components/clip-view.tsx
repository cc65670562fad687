'use client';

import { useEffect, useRef, useState } from 'react';
import type { SearchRequest } from '@/lib/ask/answer';
import { describeQuestion, type Question } from '@/lib/ask/question';
import type { LoadedModel } from '@/lib/clip/clip-encoder';
import type { EventSummary } from '@/lib/db/clip-database';
import { isActive, type IngestStatus } from '@/lib/ingest/ingest-status';
import { STRATEGIES } from '@/lib/select/strategies';
import { formatTime, plural } from '@/lib/shared/format';
import { useAnswer } from '../_hooks/use-answer';
import { isReadWithAnother } from '../_hooks/other-model';
import { AnswerGrid, DEFAULT_COUNT, type AnswerOrder } from './answer-grid';
import { IngestPanel } from './ingest-panel';
import { Player, type Jump } from './player';
import { QueryBar } from './query/query-bar';
import { Button } from './ui/button';
import { Notice } from './ui/notice';

const GENERAL_EXAMPLES = ['a person', 'a red car', 'a dog', 'trees and grass'];

/** One clip: the question, the player and the frames that answer. */
export function ClipView({
  clip,
  status,
  model,
  question,
  examples,
  onAsk,
  onClear,
  onCancel,
  onResume,
  outdatedCount,
  onRereadAll,
}: {
  clip: EventSummary;
  status: IngestStatus | undefined;
  model: LoadedModel | null;
  question: Question | null;
  examples: readonly string[] | null;
  onAsk: (question: Question) => void;
  onClear: () => void;
  onCancel: () => void;
  onResume: () => void;
  /** Clips that were read with another model than the one at work, this one included. */
  outdatedCount: number;
  onRereadAll: () => void;
}) {
  const [order, setOrder] = useState<AnswerOrder>('relevance');
  const [count, setCount] = useState(DEFAULT_COUNT);
  const [jump, setJump] = useState<Jump | null>(null);
  const player = useRef<HTMLDivElement>(null);

  const isReading = isActive(status);
  const storedFrames = Math.max(status?.framesStored ?? 0, clip.embeddingCount);
  // Vectors of another model's making cannot be compared with this model's questions.
  const isOtherVersion = model !== null && isReadWithAnother(clip, model);
  // While such a clip is read again, what is there of this model's making can be asked about.
  const request: SearchRequest | null =
    model && (!isOtherVersion || isReading)
      ? {
          clips: [{ eventId: clip.id, durationMs: clip.durationMs }],
          range: null,
          strategy: STRATEGIES[0]!.id,
          count,
          pinned: [],
          dropped: [],
        }
      : null;
  const comparableFrames = isOtherVersion ? (status?.framesStored ?? 0) : storedFrames;
  const answer = useAnswer(request, model, question, comparableFrames);
  const name = clip.fileName ?? clip.description;
  const questionText = question ? describeQuestion(question) : '';

  useEffect(() => {
    if (jump) player.current?.scrollIntoView({ block: 'nearest', behavior: 'smooth' });
  }, [jump]);

  return (
    <div className="mx-auto max-w-[110rem] space-y-4 p-4">
      <QueryBar question={question} examples={examples ?? GENERAL_EXAMPLES} onAsk={onAsk} onClear={onClear} />
      {isOtherVersion && (
        <Notice
          tone={status?.stage === 'failed' ? 'danger' : 'warn'}
          actions={
            !isReading && (
              <>
                <Button onClick={onResume}>Read it again with this model</Button>
                {outdatedCount > 1 && (
                  <Button variant="ghost" onClick={onRereadAll}>
                    Read all {outdatedCount} such clips again
                  </Button>
                )}
              </>
            )
          }
        >
          {status?.stage === 'failed' && `${status.error ?? 'Reading the clip failed.'} `}
          {isReading
            ? `This clip is being read again with the model at work. What was read with another (${clip.modelVersion}) stays until all of it is there.`
            : `This clip was read with another model (${clip.modelVersion}), whose numbers cannot be compared with this one’s. Read it again to ask about it, or go back to that model.`}
        </Notice>
      )}
      {question && !model && (
        <Notice tone="info">
          The model is still loading. Your question is answered as soon as it is ready.
        </Notice>
      )}
      <IngestPanel clip={clip} status={status} onCancel={onCancel} onResume={onResume} />
      <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]">
        <div
          ref={player}
          className="mx-auto w-full max-w-2xl scroll-mt-4 space-y-2 xl:sticky xl:top-4 xl:max-w-none"
        >
          <Player eventId={clip.id} name={name} fingerprint={clip.fileFingerprint} jump={jump} />
          <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1 text-sm">
            <h1 className="font-medium [overflow-wrap:anywhere]">{name}</h1>
            <p className="text-ink-2 tabular-nums" data-testid="clip-summary">
              {clip.durationMs !== null && `${formatTime(clip.durationMs)}, `}
              {clip.width !== null && clip.height !== null && `${clip.width} × ${clip.height}, `}
              {plural(storedFrames, 'frame')} in the library
              {status?.stage === 'done' &&
                status.elapsedMs !== null &&
                `, read in ${(status.elapsedMs / 1000).toFixed(1)} s`}
            </p>
          </div>
        </div>
        <AnswerGrid
          eventId={clip.id}
          state={answer}
          questionText={questionText}
          isReading={isReading}
          order={order}
          count={count}
          currentFrame={jump?.frameIndex ?? null}
          onOrder={setOrder}
          onCount={setCount}
          onJump={setJump}
        />
      </div>
    </div>
  );
}
