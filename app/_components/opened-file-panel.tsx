'use client';

import type { ClipSummary } from '@/lib/ports/library';
import type { Sampling } from '@/lib/ports/media';
import { Loader2, Play, X } from 'lucide-react';
import { useId, useMemo, useState, type ReactNode } from 'react';
import { planFrames } from '@/lib/ingest/start-clip';
import { countWantedFrames, MAX_FRAMES_PER_CLIP } from '@/lib/media/choose-timestamps';
import { describeTrack, explainTrack } from '@/lib/media/choose-track';
import { formatBytes, formatTime, plural } from '@/lib/shared/format';
import type { OpenedFile } from '@/lib/core/opened-files-store';
import type { FoundFile } from '@/lib/sync/sync-service';
import { framesOf, type FileTwin } from '../_hooks/file-twin';
import { useKeyFrames } from '../_hooks/use-key-frames';
import { useObjectUrl } from '../_hooks/use-object-url';
import { KeyFramesChoice } from './key-frames-choice';
import { Button } from './ui/button';
import { Notice } from './ui/notice';

const RATES = [
  { label: '4 a second', framesPerSecond: 4 },
  { label: '2 a second', framesPerSecond: 2 },
  { label: '1 a second', framesPerSecond: 1 },
  { label: '1 every 2 seconds', framesPerSecond: 1 / 2 },
  { label: '1 every 5 seconds', framesPerSecond: 1 / 5 },
  { label: '1 every 10 seconds', framesPerSecond: 1 / 10 },
] as const;

const DEFAULT_RATE = 2;
const DEFAULT_COUNT = 32;

/** Text of an embedding (6.3 kB) and a thumbnail (2 to 8 kB) as measured (docs/benchmarks.md), and their rows and indexes. */
const BYTES_PER_FRAME = 15_000;

/** The facts of a clip before anything is done with it, and how it shall be read. */
export function OpenedFilePanel({
  opened,
  twin,
  sharedFile,
  betterModel,
  onShowTwin,
  onUseTwin,
  onTrack,
  isStarting,
  isLibraryOpening,
  onStart,
  onDismiss,
}: {
  opened: OpenedFile;
  /** The clip of the library that was made from the same file. */
  twin: FileTwin | null;
  /** A shared library has such a clip, which is not listed yet. */
  sharedFile: FoundFile | null;
  /** The offer of a better model to read it with. */
  betterModel: ReactNode;
  onShowTwin: (twin: ClipSummary) => void;
  /** The twin’s frames are to be the file’s. */
  onUseTwin: (twin: ClipSummary) => void;
  /** Another of the file's video tracks is chosen, by its index. */
  onTrack: (track: number) => void;
  /** It is being put into the library. */
  isStarting: boolean;
  /** Which has to open first. */
  isLibraryOpening: boolean;
  onStart: (sampling: Sampling) => void;
  onDismiss: () => void;
}) {
  const [kind, setKind] = useState<Sampling['kind']>('rate');
  const [rate, setRate] = useState(DEFAULT_RATE);
  const [wantsKeyFrames, setWantsKeyFrames] = useState(false);
  const [countText, setCountText] = useState(String(DEFAULT_COUNT));
  const id = useId();
  const { facts, file } = opened;
  const preview = useObjectUrl(opened.preview);
  const tracksNote = explainTrack(facts.videoTrack, facts.videoTracks);

  const count = Number(countText);
  const isCountValid = Number.isInteger(count) && count >= 1 && count <= MAX_FRAMES_PER_CLIP;
  const division: Sampling =
    kind === 'rate'
      ? { kind, framesPerSecond: RATES[rate]!.framesPerSecond }
      : { kind, count: isCountValid ? count : 1 };
  const wanted = countWantedFrames(facts, division);
  const keyFramesMs = useKeyFrames(opened);
  const keyFrames = useMemo(
    () => keyFramesMs && planFrames(facts.durationMs, { ...division, keyFramesOnly: true }, keyFramesMs),
    // The rest of the division says what these two do.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [keyFramesMs, facts, kind, rate, count],
  );
  const isByKeyFrames = wantsKeyFrames && keyFrames !== null && keyFrames.length > 0;
  const sampling: Sampling = isByKeyFrames ? { ...division, keyFramesOnly: true } : division;
  const frames = isByKeyFrames ? keyFrames.length : Math.min(wanted, MAX_FRAMES_PER_CLIP);

  return (
    <section aria-labelledby={`${id}-title`} className="mx-auto max-w-3xl space-y-5 p-4 sm:p-8">
      <div className="flex items-start gap-3">
        <h1 id={`${id}-title`} className="min-w-0 flex-1 text-xl font-semibold [overflow-wrap:anywhere]">
          <bdi>{file.name}</bdi>
        </h1>
        <Button variant="ghost" icon aria-label="Do not read this clip" onClick={onDismiss}>
          <X aria-hidden />
        </Button>
      </div>
      <div className="grid gap-5 sm:grid-cols-[14rem_1fr]">
        <div className="flex aspect-video items-center justify-center overflow-hidden rounded-xl bg-black">
          {preview ? (
            // eslint-disable-next-line @next/next/no-img-element -- a blob of this page, nothing to optimise
            <img src={preview} alt="" className="max-h-full max-w-full" />
          ) : (
            <span className="text-xs text-white/70">no preview</span>
          )}
        </div>
        <dl
          data-testid="facts"
          className="grid grid-cols-[auto_1fr] content-start gap-x-6 gap-y-1.5 text-sm [&_dd]:tabular-nums [&_dt]:text-ink-2"
        >
          <dt>Length</dt>
          <dd>{formatTime(facts.durationMs, { tenths: true })}</dd>
          <dt>Picture</dt>
          <dd>
            {facts.width} × {facts.height}
            {facts.rotationDegrees !== 0 && `, turned by ${facts.rotationDegrees}°`}
          </dd>
          <dt>Format</dt>
          <dd>
            {facts.container}, {facts.codec}
          </dd>
          {facts.averageFrameRate !== null && (
            <>
              <dt>Frame rate</dt>
              <dd>{facts.averageFrameRate.toFixed(1)} a second</dd>
            </>
          )}
          {facts.videoTracks.length > 1 && (
            <>
              <dt>
                <label htmlFor={`${id}-track`}>Track</label>
              </dt>
              <dd>
                <select
                  id={`${id}-track`}
                  data-testid="track"
                  className="min-h-9 max-w-full rounded-lg border border-line bg-surface px-2"
                  value={facts.videoTrack}
                  onChange={(event) => onTrack(Number(event.target.value))}
                >
                  {facts.videoTracks.map((track) => (
                    <option key={track.index} value={track.index} disabled={!track.isDecodable}>
                      {describeTrack(track, facts.videoTracks.length)}
                      {!track.isDecodable && ', cannot be decoded'}
                    </option>
                  ))}
                </select>
              </dd>
            </>
          )}
          <dt>Size</dt>
          <dd>{formatBytes(facts.bytes)}</dd>
          <dt>Decoder</dt>
          <dd>{opened.decoder === 'webcodecs' ? 'WebCodecs' : 'video element (slower)'}</dd>
        </dl>
      </div>
      {twin?.isUsable && (
        <Notice tone="info" actions={<Button onClick={() => onUseTwin(twin.clip)}>Use them</Button>}>
          {twin.clip.sharedIn ? `“${twin.clip.sharedIn.name}”` : 'The library'} has{' '}
          {plural(framesOf(twin.clip), 'frame')} of this file already, so that it need not be read.
        </Notice>
      )}
      {twin && !twin.isUsable && (
        <Notice tone="info" actions={<Button onClick={() => onShowTwin(twin.clip)}>Show it</Button>}>
          This file is in the library already. Reading it again adds it a second time.
        </Notice>
      )}
      {!twin && sharedFile && (
        <Notice tone="info">
          “{sharedFile.name}” has {plural(sharedFile.frames, 'frame')} of this file already. Its clip is being
          added to the list.
        </Notice>
      )}
      {tracksNote && <Notice tone="info">{tracksNote}</Notice>}
      {facts.problem && <Notice tone="warn">{facts.problem}</Notice>}
      <form
        className="space-y-4 rounded-2xl border border-line bg-surface p-4"
        onSubmit={(event) => {
          event.preventDefault();
          if (kind === 'rate' || isCountValid) onStart(sampling);
        }}
      >
        <fieldset className="space-y-3">
          <legend className="mb-2 font-medium">Frames to look at</legend>
          <label className="flex min-h-9 flex-wrap items-center gap-3 text-sm">
            <input
              type="radio"
              name={`${id}-kind`}
              checked={kind === 'rate'}
              onChange={() => setKind('rate')}
            />
            <span className="w-32">At a rate</span>
            <select
              aria-label="Frame rate"
              className="min-h-9 rounded-lg border border-line bg-surface px-2"
              value={rate}
              onChange={(event) => {
                setRate(Number(event.target.value));
                setKind('rate');
              }}
            >
              {RATES.map(({ label }, index) => (
                <option key={label} value={index}>
                  {label}
                </option>
              ))}
            </select>
          </label>
          <label className="flex min-h-9 flex-wrap items-center gap-3 text-sm">
            <input
              type="radio"
              name={`${id}-kind`}
              checked={kind === 'count'}
              onChange={() => setKind('count')}
            />
            <span className="w-32">A fixed number</span>
            <input
              aria-label="Number of frames"
              type="number"
              min={1}
              max={MAX_FRAMES_PER_CLIP}
              step={1}
              className="min-h-9 w-28 rounded-lg border border-line bg-surface px-2 tabular-nums"
              value={countText}
              onChange={(event) => {
                setCountText(event.target.value);
                setKind('count');
              }}
            />
          </label>
          <KeyFramesChoice
            facts={facts}
            keyFramesMs={keyFrames?.map(({ timestampMs }) => timestampMs) ?? null}
            wanted={Math.min(wanted, MAX_FRAMES_PER_CLIP)}
            isChosen={wantsKeyFrames}
            onChoose={setWantsKeyFrames}
          />
        </fieldset>
        {kind === 'count' && !isCountValid && (
          <Notice tone="warn">
            Enter a whole number from 1 to {MAX_FRAMES_PER_CLIP.toLocaleString('en')}.
          </Notice>
        )}
        {wanted > MAX_FRAMES_PER_CLIP && (
          <Notice tone="info">
            That would be {plural(wanted, 'frame')}. {MAX_FRAMES_PER_CLIP.toLocaleString('en')} are taken,
            spread evenly over the clip.
          </Notice>
        )}
        <div className="flex flex-wrap items-center gap-4">
          <Button variant="primary" type="submit" className="min-h-11 px-5" disabled={isStarting}>
            {isStarting ? <Loader2 aria-hidden className="animate-spin" /> : <Play aria-hidden />}
            {!isStarting ? 'Read the clip' : isLibraryOpening ? 'Waiting for the library…' : 'Starting…'}
          </Button>
          <p className="text-sm text-ink-2">
            {plural(frames, 'frame')}, about {formatBytes(frames * BYTES_PER_FRAME)} of storage beside the
            clip
          </p>
        </div>
      </form>
      {/* It comes a moment later than the rest: above the button it would move it from under a hand. */}
      {betterModel}
    </section>
  );
}
