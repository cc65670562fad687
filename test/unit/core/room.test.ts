import { describe, expect, it } from 'vitest';
import { asStorageError } from '@/lib/files/storage-errors';
import { largestClip, roomOf, tellsOfFullDisk } from '@/lib/core/room';
import type { ClipSummary } from '@/lib/ports/library';
import { toFramesiftError } from '@/lib/shared/errors';

const GB = 1_000_000_000;
const clip = (id: string, fields: Partial<ClipSummary>) =>
  ({ id, videoPath: null, fileBytes: null, frameCount: 0, ...fields }) as ClipSummary;

describe('roomOf', () => {
  it.each([
    [
      { usageBytes: GB, quotaBytes: 10 * GB },
      { usedBytes: GB, allowedBytes: 10 * GB, isLittle: false },
    ],
    [
      { usageBytes: GB, quotaBytes: 1.1 * GB },
      { usedBytes: GB, allowedBytes: 1.1 * GB, isLittle: true },
    ],
    [
      { usageBytes: 2 * GB, quotaBytes: GB },
      { usedBytes: 2 * GB, allowedBytes: GB, isLittle: true },
    ],
    [{ usageBytes: null, quotaBytes: GB }, null],
  ])('of %j is %j', (estimate, room) => {
    expect(roomOf(estimate)).toEqual(room);
  });
});

describe('largestClip', () => {
  it('counts the copy of a clip’s file, and its frames', () => {
    const many = clip('many', { frameCount: 20_000 });
    const copied = clip('copied', { videoPath: 'clips/x/a.mp4', fileBytes: GB });
    const notCopied = clip('not copied', { fileBytes: 5 * GB, frameCount: 1 });
    expect(largestClip([many, copied, notCopied])?.clip.id).toBe('copied');
    expect(largestClip([many, notCopied])?.clip.id).toBe('many');
    expect(largestClip([])).toBeNull();
  });
});

describe('tellsOfFullDisk', () => {
  it('knows what is said of a full disk by whichever part of the page', () => {
    const full = new DOMException('', 'QuotaExceededError');
    expect(tellsOfFullDisk(toFramesiftError(full).message)).toBe(true);
    expect(tellsOfFullDisk((asStorageError(full) as Error).message)).toBe(true);
    expect([null, undefined, 'The library did not answer.'].some(tellsOfFullDisk)).toBe(false);
  });
});
