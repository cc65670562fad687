import { describe, expect, it } from 'vitest';
import { describeShortPlayer, describeWrongPicture, type PlayerLook } from '@/lib/media/player-look';

describe('what a player shows after a seek', () => {
  const look: PlayerLook = { askedMs: 3000, playerEndMs: 4100, presentedMs: 2967, hasPicture: true };

  it.each<[string, Partial<PlayerLook>]>([
    ['the picture on screen then', {}],
    ['a picture that has stood for long', { presentedMs: 0 }],
    ['a browser that does not tell', { presentedMs: null }],
    ['a picture whose time is rounded', { presentedMs: 3001 }],
    ['the last picture, whose length the player leaves out', { askedMs: 4300 }],
  ])('is believed: %s', (_, difference) => {
    expect(describeWrongPicture({ ...look, ...difference })).toBeNull();
  });

  it.each<[string, Partial<PlayerLook>, RegExp]>([
    ['the player ends before', { playerEndMs: 140, presentedMs: 0 }, /player ends at 0:00\.1, before/],
    ['nothing is loaded', { hasPicture: false }, /no picture of this moment/],
    ['a later picture', { presentedMs: 3400 }, /shows the picture of 0:03\.4 here/],
  ])('is refused: %s', (_, difference, sentence) => {
    expect(describeWrongPicture({ ...look, ...difference })).toMatch(sentence);
  });
});

describe('a player that plays less than the file promises', () => {
  it.each([
    ['all of it', 4100, 4100, null],
    ['more, as sound does', 4100, 4600, null],
    ['all but the last picture', 1000, 700, null],
    ['next to nothing', 4100, 140, /plays 0:00\.1 of 0:04\.1/],
    ['half of it', 60_000, 30_000, /plays 0:30\.0 of 1:00\.0/],
  ])('%s', (_, fileMs, playerEndMs, sentence) => {
    const told = describeShortPlayer(fileMs, playerEndMs);
    if (sentence) expect(told).toMatch(sentence);
    else expect(told).toBeNull();
  });
});
