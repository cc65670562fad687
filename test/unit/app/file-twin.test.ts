import { describe, expect, it } from 'vitest';
import { findTwin } from '@/app/_hooks/file-twin';
import { withVideoTrack } from '@/lib/media/track-choice';
import type { ClipSummary } from '@/lib/ports/library';

const MODEL = { modelVersion: 'model@1' };
const file = new File(['bytes'], 'gate.mp4', { type: 'video/mp4' });
const opened = { fingerprint: 'ab12', file };

function clipOf(changes: Partial<ClipSummary> = {}): ClipSummary {
  return {
    id: 'a',
    fileFingerprint: 'ab12',
    modelVersion: MODEL.modelVersion,
    ingestState: 'done',
    videoPath: null,
    videoTrack: null,
    embeddingCount: 5,
    sharedIn: null,
    ...changes,
  } as ClipSummary;
}

describe('findTwin', () => {
  it('finds no clip of another file', () => {
    expect(
      findTwin([clipOf({ fileFingerprint: 'cd34' }), clipOf({ fileFingerprint: null })], opened, MODEL),
    ).toBe(null);
  });

  it('can use the frames of a clip whose file is not here', () => {
    const clip = clipOf();
    expect(findTwin([clip], opened, MODEL)).toEqual({ clip, isUsable: true });
  });

  it('can use frames that a library alone has', () => {
    const clip = clipOf({ embeddingCount: 0, sharedIn: { libraryId: 'yard', name: 'Yard', frames: 40 } });
    expect(findTwin([clip], opened, MODEL)?.isUsable).toBe(true);
  });

  it.each<[string, Partial<ClipSummary>]>([
    ['was read with another model', { modelVersion: 'model@2' }],
    ['has its file', { videoPath: 'clips/a/gate.mp4' }],
    ['is not read to its end', { ingestState: 'failed' }],
    ['has no frames', { embeddingCount: 0 }],
    ['is of another video track', { videoTrack: 1 }],
  ])('cannot use a clip that %s', (_, changes) => {
    expect(findTwin([clipOf(changes)], opened, MODEL)?.isUsable).toBe(false);
  });

  it('cannot tell before there is a model', () => {
    expect(findTwin([clipOf()], opened, null)?.isUsable).toBe(false);
  });

  it('takes the clip of the track that was chosen, and the one that can be used', () => {
    const [other, second] = [clipOf({ id: 'b' }), clipOf({ id: 'c', videoTrack: 1 })];
    const chosen = new File([withVideoTrack(file, 1)], file.name, { type: 'video/mp4;video-track=1' });
    expect(findTwin([other, second], { ...opened, file: chosen }, MODEL)).toEqual({
      clip: second,
      isUsable: true,
    });
  });
});
