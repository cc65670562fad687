'use client';

import { FileVideo } from 'lucide-react';
import { useRef, useState } from 'react';
import { getFramesift } from '../_hooks/framesift';
import { clipFileOf } from '../_hooks/inspect-file';
import { useClipFile } from '../_hooks/use-clip-file';
import { useExactStill } from '../_hooks/use-exact-still';
import { useObjectUrl } from '../_hooks/use-object-url';
import { usePlayerClock } from '../_hooks/use-player-clock';
import { useThumbnails } from '../_hooks/use-thumbnails';
import { toClipMs, type Moment } from '@/lib/shared/clip-clock';
import { formatTime, isolateName } from '@/lib/shared/format';
import { restoreThumbnails } from '@/lib/ingest/restore-thumbnails';
import { fingerprintFile } from '@/lib/ingest/start-clip';
import { Button } from './ui/button';
import { Notice } from './ui/notice';

/** A moment to show; a new object is a new request, also for the same moment. */
export interface Jump extends Moment {
  clipId: string;
  /** Whose thumbnail stands in where nothing can be played; null for a moment between frames. */
  frameIndex: number | null;
}

/**
 * Plays the clip. Where the clip's file is gone, or this browser can decode it but not play it, the picture of the
 * asked moment stands in; also where the player shows another picture than the one that was read, until it moves.
 */
export function Player({
  clipId,
  name,
  fingerprint,
  playerStartMs,
  jump,
  onTime,
  onReplace,
}: {
  clipId: string;
  name: string;
  /** Of the file that the clip was made from (lib/ingest/start-clip.ts). */
  fingerprint: string | null;
  /** Of the clip's row. */
  playerStartMs: number | null;
  jump: Jump | null;
  /** Where the player stands in clip time, whenever that changes. */
  onTime: (timestampMs: number) => void;
  /** Reads a file anew in place of this clip. */
  onReplace: (file: File) => void;
}) {
  const clipFile = useClipFile(clipId);
  const url = useObjectUrl(clipFile.state === 'ready' ? clipFile.file : null);
  const video = useRef<HTMLVideoElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const [unplayableUrl, setUnplayableUrl] = useState<string | null>(null);
  /** A player that fails in the middle of a clip, as from a key frame that is none, is loaded anew once. */
  const reloadedUrl = useRef<string | null>(null);
  const [otherFile, setOtherFile] = useState<File | null>(null);
  const isUnplayable = url !== null && unplayableUrl === url;
  const stillIndex = jump?.frameIndex ?? 0;
  const still = useThumbnails(clipId, [stillIndex]).get(stillIndex);

  const clock = usePlayerClock(
    clipId,
    playerStartMs,
    clipFile.state === 'ready' ? clipFile.file : null,
    url,
    video,
  );
  const { startMs } = clock;
  const hasPlayer = url !== null && !isUnplayable;
  const exact = useObjectUrl(useExactStill(video, hasPlayer, jump, clock));

  const provideIfSame = async (file: File) => {
    const isSame = fingerprint === null || (await fingerprintFile(file).catch(() => null)) === fingerprint;
    setOtherFile(isSame ? null : file);
    if (!isSame) return;
    const { file: clip } = await clipFileOf(getFramesift().services, file);
    clipFile.provide(clip);
    // A clip from a file of rows has no pictures; without them its frames still have their times and scores.
    void restoreThumbnails(getFramesift().services, clipId, clip).catch(() => undefined);
  };

  const askedTime = jump && formatTime(jump.timestampMs, { tenths: true });
  return (
    <figure className="space-y-2">
      <div className="relative flex aspect-video items-center justify-center overflow-hidden rounded-2xl bg-black">
        {hasPlayer ? (
          <video
            ref={video}
            src={url}
            controls
            playsInline
            muted
            preload="auto"
            aria-label={`Player: ${isolateName(name)}`}
            data-testid="player"
            className="size-full object-contain"
            onTimeUpdate={({ currentTarget }) => onTime(toClipMs(currentTarget.currentTime, startMs))}
            onError={({ currentTarget }) => {
              const isInside = currentTarget.error?.code === MediaError.MEDIA_ERR_DECODE;
              if (isInside && reloadedUrl.current !== url) {
                reloadedUrl.current = url;
                currentTarget.load();
              } else {
                setUnplayableUrl(url);
              }
            }}
          />
        ) : (
          (exact ?? still) && (
            // eslint-disable-next-line @next/next/no-img-element -- a blob of this page, nothing to optimise
            <img
              src={exact ?? still}
              alt={askedTime ? `Picture at ${askedTime}` : 'First stored picture'}
              data-testid="stand-in"
              className="size-full object-contain"
            />
          )
        )}
        {hasPlayer && exact && (
          <button
            type="button"
            className="absolute inset-0 bg-black text-left"
            onClick={() => void video.current?.play()}
          >
            {/* eslint-disable-next-line @next/next/no-img-element -- a blob of this page, nothing to optimise */}
            <img
              src={exact}
              alt={`Picture at ${askedTime}`}
              data-testid="stand-in"
              className="size-full object-contain"
            />
            <span className="absolute inset-x-0 top-0 bg-black/70 px-3 py-1.5 text-xs text-white">
              The player cannot show this frame exactly; this is the frame as it was read. Play from here.
            </span>
          </button>
        )}
      </div>
      {(isUnplayable || clipFile.state === 'missing') && (
        <figcaption className="flex flex-wrap items-center gap-3 text-sm text-ink-2">
          <span className="min-w-48 flex-1">
            {isUnplayable
              ? 'This browser can read the clip but not play it, so stored pictures are shown.'
              : 'The clip’s own file is not in this browser, so stored pictures are shown. Choose it again to play it.'}
          </span>
          {clipFile.state === 'missing' && (
            <>
              <input
                ref={picker}
                type="file"
                accept="video/*,image/*,.mkv,.ts,.avi,.flv"
                hidden
                data-testid="clip-file-input"
                onChange={(event) => {
                  const file = event.target.files?.[0];
                  if (file) void provideIfSame(file);
                  event.target.value = '';
                }}
              />
              <Button onClick={() => picker.current?.click()}>
                <FileVideo aria-hidden /> Choose the file
              </Button>
            </>
          )}
        </figcaption>
      )}
      {otherFile && (
        <Notice
          tone="warn"
          actions={
            <>
              <Button
                onClick={() => {
                  setOtherFile(null);
                  onReplace(otherFile);
                }}
              >
                Read it anew
              </Button>
              <Button variant="ghost" onClick={() => setOtherFile(null)}>
                Keep what was read
              </Button>
            </>
          }
        >
          {otherFile.name === name
            ? 'This file has changed since the clip was read.'
            : 'That is not the file that this clip was made from.'}{' '}
          Choose <bdi>{name}</bdi> as it was, or read this one anew: it takes the place of the clip once all
          of it is read.
        </Notice>
      )}
    </figure>
  );
}
