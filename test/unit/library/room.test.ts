import { describe, expect, it } from 'vitest';
import { largestClip, roomOf } from '@/lib/library/room';
import type { EventSummary } from '@/lib/ports/library';

const GB = 1_000_000_000;
const clip = (id: string, fields: Partial<EventSummary>) =>
  ({ id, videoPath: null, fileBytes: null, frameCount: 0, ...fields }) as EventSummary;

describe('roomOf', () => {
  it.each([
    [
      { usageBytes: GB, quotaBytes: 10 * GB },
      { usedBytes: GB, freeBytes: 9 * GB, isLittle: false },
    ],
    [
      { usageBytes: GB, quotaBytes: 1.1 * GB },
      { usedBytes: GB, freeBytes: 0.1 * GB, isLittle: true },
    ],
    [
      { usageBytes: 2 * GB, quotaBytes: GB },
      { usedBytes: 2 * GB, freeBytes: 0, isLittle: true },
    ],
    [{ usageBytes: null, quotaBytes: GB }, null],
  ])('of %j is %j', (estimate, room) => {
    const found = roomOf(estimate);
    if (room === null || found === null) expect(found).toBe(room);
    else expect({ ...found, freeBytes: Math.round(found.freeBytes) }).toEqual(room);
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
