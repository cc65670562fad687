'use client';

import { composeRequest } from '@/lib/ask/compose-request';
import type { LoadedModel } from '@/lib/ports/encoder';
import type { ClipSummary } from '@/lib/ports/library';
import type { AnswerFrame, SearchRequest, TimeRange } from '@/lib/ports/search';
import { useRef, useState, type ReactNode } from 'react';
import { revisionsOf } from '@/lib/ask/revisions';
import type { FrameKey } from '@/lib/shared/frame-key';
import { isDoubtful } from '@/lib/ask/doubt';
import { describeQuestion, type Question } from '@/lib/ask/question';
import { addImage, imageOfFrame, type NewQueryImage } from '@/lib/ask/query-images';
import type { Moment } from '@/lib/shared/clip-clock';
import { toFramesiftError } from '@/lib/shared/errors';
import { isActive, type IngestStatus } from '@/lib/ingest/ingest-status';
import { parseSampling } from '@/lib/ingest/start-clip';
import { isAway } from '@/lib/shared/away';
import { clipName } from '@/lib/shared/clip-name';
import { formatTime, plural } from '@/lib/shared/format';
import { isReadWithAnother } from '../_hooks/other-model';
import { useAnswer } from '../_hooks/use-answer';
import { useAwayClip } from '../_hooks/use-away-clip';
import { useOverview } from '../_hooks/use-overview';
import { useQueryAdvice } from '../_hooks/use-query-advice';
import { useEdits } from '../_hooks/use-edits';
import { thumbnailKey } from '../_hooks/use-frame-thumbnails';
import { readStillOrThumbnail } from '../_hooks/still-or-thumbnail';
import type { RestoredSelection } from '../_hooks/saved-selection';
import { ExportMenu } from './export/export-menu';
import { selectionOfAnswer } from './export/selection-of-answer';
import { CropDialog } from './query/crop-dialog';
import { ClipTitle } from './clip-title';
import { AnswerHint } from './answer/answer-hint';
import { scrollBehavior } from '../_hooks/motion';
import { AnswerPanel, DEFAULT_SETTINGS, type AnswerSettings } from './answer/answer-panel';
import { IngestPanel } from './ingest-panel';
import { Overview } from './overview/overview';
import { Player, type Jump } from './player';
import { QueryBar } from './query/query-bar';
import { clipsInScope, ScopeChoice, type Scope } from './scope-choice';
import { RangeChoice } from './timeline/range-choice';
import { Timeline } from './timeline/timeline';
import { Button } from './ui/button';
import { Notice } from './ui/notice';

function isAwayIn(clips: readonly ClipSummary[], clipId: string): boolean {
  return clips.some((clip) => clip.id === clipId && isAway(clip));
}

/** One clip: the question, the player with the evidence below it, and the frames that answer. */
export function ClipView({
  clip,
  clips,
  status,
  model,
  question,
  range,
  onRange,
  restored,
  examples,
  betterModel,
  onAsk,
  onClear,
  onCancel,
  onResume,
  onReplace,
  onKeep,
  outdatedCount,
  onRereadAll,
}: {
  clip: ClipSummary;
  /** The whole library, this clip included. */
  clips: readonly ClipSummary[];
  status: IngestStatus | undefined;
  model: LoadedModel | null;
  question: Question | null;
  /** The part of the clip that is searched; null for all of it. */
  range: TimeRange | null;
  onRange: (range: TimeRange | null) => void;
  /** A selection to begin with, which came back from a file. */
  restored: RestoredSelection | null;
  examples: readonly string[] | null;
  /** The offer of a better model, shown where the answer is in doubt. */
  betterModel: (isWanted: boolean) => ReactNode;
  onAsk: (question: Question) => void;
  onClear: () => void;
  onCancel: () => void;
  onResume: () => void;
  /** Reads a file anew in place of a clip, with this one's settings. */
  onReplace: (clip: ClipSummary, file: File) => void;
  /** Takes the clip as it is. */
  onKeep: () => void;
  /** Clips that were read with another model than the one at work, this one included. */
  outdatedCount: number;
  onRereadAll: () => void;
}) {
  const [settings, setSettings] = useState<AnswerSettings>(
    restored ? { ...DEFAULT_SETTINGS, strategy: restored.strategy, count: restored.count } : DEFAULT_SETTINGS,
  );
  const [scope, setScope] = useState<Scope>(
    restored && restored.clipIds.length > 1 ? { kind: 'some', clipIds: restored.clipIds } : { kind: 'this' },
  );
  const [cropped, setCropped] = useState<NewQueryImage | null>(null);
  const [problem, setProblem] = useState<string | null>(null);
  const [jump, setJump] = useState<Jump | null>(null);
  const [cursor, setCursor] = useState<{ clipId: string; timeMs: number }>({ clipId: clip.id, timeMs: 0 });
  const { edits, togglePin, drop, undoDrop, restoreAll } = useEdits(question, restored?.edits);
  const [ledTo, setLedTo] = useState<Question | null>(null);
  const player = useRef<HTMLDivElement>(null);
  const advice = useQueryAdvice(question, model);
  const answerPanel = useRef<HTMLDivElement>(null);

  const isReading = isActive(status);
  const storedFrames = Math.max(status?.framesStored ?? 0, clip.embeddingCount);
  // Embeddings of another model's making cannot be compared with this model's questions.
  const isOtherVersion = model !== null && isReadWithAnother(clip, model);
  const comparableFrames = isOtherVersion ? (status?.framesStored ?? 0) : storedFrames;

  const canSumUp = question === null && !isReading && !isOtherVersion && comparableFrames > 0;
  const before = useOverview(canSumUp ? clip : null, model, examples === null);

  const searched = clipsInScope(scope, clip, clips);
  const isSeveral = searched.length > 1;
  // While such a clip is read again, what is there of this model's making can be asked about.
  const isSearchable = model !== null && (isSeveral || !isOtherVersion || isReading);
  const request: SearchRequest | null = isSearchable
    ? composeRequest(searched, {
        range: isSeveral ? null : range,
        strategy: settings.strategy,
        count: settings.count,
        isOfAll: scope.kind === 'all',
        ...edits,
      })
    : null;
  const revisions = model ? revisionsOf(searched, model.modelVersion) : {};
  const state = useAnswer(request, model, question, revisions);
  const answer = state.state === 'ready' ? state.answer : null;

  const selection =
    answer && question && request && model
      ? selectionOfAnswer(answer, question, request, searched, model.modelVersion)
      : null;

  // The player follows a frame into whichever clip it is of.
  const shown = clips.find(({ id }) => id === jump?.clipId) ?? clip;
  const coming = useAwayClip(shown);
  const durationMs = shown.durationMs ?? 0;
  const cursorMs = cursor.clipId === shown.id ? cursor.timeMs : 0;
  const ofShown = ({ clipId }: { clipId: string }) => clipId === shown.id;
  const clipNames = isSeveral ? new Map(searched.map((one) => [one.id, clipName(one)])) : null;
  const name = clipName(shown);
  const questionText = question ? describeQuestion(question) : '';

  const goTo = (clipId: string, { timestampMs, span }: Moment, frameIndex: number | null) => {
    setJump({ clipId, timestampMs, span, frameIndex });
    setCursor({ clipId, timeMs: timestampMs });
  };
  const showPlayer = () => player.current?.scrollIntoView({ block: 'nearest', behavior: scrollBehavior() });
  // After an answer the player stands at its best frame. Once a question: what a person does from there is theirs.
  const best = answer?.frames.find(({ rank }) => rank === 1);
  if (best && question !== ledTo && state.state === 'ready' && !state.isStale) {
    setLedTo(question);
    // A clip of a library comes here when a person opens it.
    if (best.strength !== 'weak' && !isAwayIn(clips, best.clipId)) goTo(best.clipId, best, best.frameIndex);
  }
  const jumpTo = (frame: AnswerFrame) => {
    goTo(frame.clipId, frame, frame.frameIndex);
    showPlayer();
  };

  const withPicture = (frame: AnswerFrame, use: (queryImage: NewQueryImage) => void) => {
    setProblem(null);
    readStillOrThumbnail(frame)
      .then((image) => use(imageOfFrame(image, frame)))
      .catch((error: unknown) => setProblem(toFramesiftError(error).message));
  };
  const askFor = (queryImage: NewQueryImage) => onAsk(addImage(null, queryImage));

  return (
    <div className="mx-auto max-w-[110rem] space-y-4 p-4">
      <QueryBar
        question={question}
        advice={advice}
        examples={examples ?? before.examples ?? []}
        onAsk={onAsk}
        onClear={onClear}
      />
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
      {problem && (
        <Notice
          tone="danger"
          actions={
            <Button variant="ghost" onClick={() => setProblem(null)}>
              Dismiss
            </Button>
          }
        >
          {problem}
        </Notice>
      )}
      {coming.state !== 'here' && (
        <Notice
          tone={coming.state === 'failed' ? 'warn' : 'info'}
          actions={coming.state === 'failed' && <Button onClick={coming.retry}>Try again</Button>}
        >
          {coming.state === 'failed'
            ? `The frames of “${name}” did not come from “${shown.sharedIn?.name}”. ${coming.message}`
            : `The frames of “${name}” are coming from “${shown.sharedIn?.name}”…`}
        </Notice>
      )}
      <IngestPanel
        clip={clip}
        status={status}
        onCancel={onCancel}
        onResume={onResume}
        onReplace={(file) => onReplace(clip, file)}
        onKeep={onKeep}
      />
      <div className="grid items-start gap-5 xl:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]">
        <div
          ref={player}
          className="mx-auto w-full max-w-2xl scroll-mt-4 space-y-3 xl:sticky xl:top-4 xl:max-w-none"
        >
          <Player
            key={shown.id}
            clipId={shown.id}
            name={name}
            fingerprint={shown.fileFingerprint}
            playerStartMs={shown.playerStartMs}
            jump={jump}
            onTime={(timeMs) => setCursor({ clipId: shown.id, timeMs })}
            onReplace={(file) => onReplace(shown, file)}
          />
          {durationMs > 0 && (
            <Timeline
              clipId={shown.id}
              durationMs={durationMs}
              curve={answer?.curves.find(ofShown) ?? null}
              changesMs={shown.id === clip.id ? (before.overview?.changesMs ?? []) : []}
              levels={answer?.levels ?? null}
              picks={answer?.frames.filter(ofShown) ?? []}
              spans={answer?.verdict?.spans.filter(ofShown) ?? []}
              range={isSeveral ? null : range}
              cursorMs={cursorMs}
              onSeek={(moment, frameIndex) => goTo(shown.id, moment, frameIndex)}
            />
          )}
          {durationMs > 0 && !isSeveral && (
            <RangeChoice durationMs={durationMs} range={range} onRange={onRange} />
          )}
          <div className="flex flex-wrap items-baseline gap-x-4 gap-y-1 text-sm">
            <ClipTitle key={shown.id} clip={shown} />
            <p className="text-ink-2 tabular-nums" data-testid="clip-summary">
              {shown.durationMs !== null && `${formatTime(shown.durationMs)}, `}
              {shown.width !== null && shown.height !== null && `${shown.width} × ${shown.height}, `}
              {plural(
                shown.sharedIn?.frames ?? (shown.id === clip.id ? storedFrames : shown.embeddingCount),
                parseSampling(shown.sampling).keyFramesOnly ? 'key frame' : 'frame',
              )}{' '}
              in {isAway(shown) ? `“${shown.sharedIn!.name}”` : 'the library'}
              {shown.id === clip.id &&
                status?.stage === 'done' &&
                status.elapsedMs !== null &&
                `, read in ${(status.elapsedMs / 1000).toFixed(1)} s`}
            </p>
          </div>
        </div>
        <div ref={answerPanel} className="scroll-mt-2 space-y-6">
          {betterModel(question !== null && answer !== null && isDoubtful(answer))}
          <AnswerPanel
            state={state}
            questionText={questionText}
            hasUnknownWordsOnly={advice.words?.isAllUnknown ?? false}
            isReading={isReading}
            clipNames={clipNames}
            libraryNames={
              new Map(
                searched.flatMap(({ sharedIn }) => (sharedIn ? [[sharedIn.libraryId, sharedIn.name]] : [])),
              )
            }
            currentKey={jump && jump.frameIndex !== null ? thumbnailKey(jump as FrameKey) : null}
            settings={settings}
            droppedCount={edits.dropped.length}
            tools={
              <>
                {clips.length > 1 && (
                  <ScopeChoice scope={scope} clip={clip} clips={clips} onScope={setScope} />
                )}
                <ExportMenu selection={selection} clips={searched} />
              </>
            }
            onSettings={setSettings}
            onUndoDrop={undoDrop}
            onRestoreAll={restoreAll}
            onSpan={({ clipId, startMs }) => goTo(clipId, { timestampMs: startMs, span: null }, null)}
            onEscape={() =>
              document.querySelector<HTMLInputElement>('form[role=search] input[type=text]')?.focus()
            }
            onJump={jumpTo}
            onTogglePin={togglePin}
            onDrop={drop}
            onMoreLikeThis={(frame) => withPicture(frame, askFor)}
            onCrop={(frame) => withPicture(frame, setCropped)}
          />
          {question === null && before.overview && before.overview.frames.length > 0 && (
            <Overview
              overview={before.overview}
              onJump={({ clipId, timestampMs, frameIndex }) => {
                goTo(clipId, { timestampMs, span: null }, frameIndex);
                showPlayer();
              }}
            />
          )}
        </div>
      </div>
      <AnswerHint target={answerPanel} frameCount={answer?.frames.length ?? 0} />
      <CropDialog
        picture={cropped}
        onSearch={(part) => {
          setCropped(null);
          askFor(part);
        }}
        onClose={() => setCropped(null)}
      />
    </div>
  );
}
