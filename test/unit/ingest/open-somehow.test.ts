import { describe, expect, it, vi } from 'vitest';
import { openSomehow, type OpenedSomehow } from '@/lib/ingest/open-somehow';
import type { ClipFacts } from '@/lib/ports/media';
import { FramesiftError } from '@/lib/shared/errors';

const facts = { codec: 'HEVC', decodable: true } as ClipFacts;
const undecodable: ClipFacts = { ...facts, decodable: false, problem: 'This clip is HEVC.' };
const picture = new Blob(['picture']);
const damaged = new FramesiftError('unreadable-video', 'No frame can be decoded.');
const played: OpenedSomehow = { facts, decoder: 'element', preview: picture };

const gives =
  <T>(value: T) =>
  () =>
    Promise.resolve(value);
const throws = (error: Error) => () => Promise.reject(error);

describe('opening a clip', () => {
  it('takes WebCodecs where a picture comes out of it', async () => {
    const player = vi.fn();
    const opened = await openSomehow({ decoder: { facts: gives(facts), preview: gives(picture) }, player });
    expect(opened).toEqual({ facts, decoder: 'webcodecs', preview: picture });
    expect(player).not.toHaveBeenCalled();
  });

  it.each([
    ['cannot decode the codec', { facts: gives(undecodable), preview: throws(damaged) }, undecodable],
    ['says it can and gives no picture', { facts: gives(facts), preview: throws(damaged) }, facts],
    [
      'does not know the container',
      {
        facts: throws(new FramesiftError('unsupported-video', 'Not a container.')),
        preview: throws(damaged),
      },
      undefined,
    ],
  ])('takes the player where WebCodecs %s', async (_, decoder, known) => {
    const player = vi.fn(gives(played));
    expect(await openSomehow({ decoder, player })).toBe(played);
    expect(player).toHaveBeenCalledExactlyOnceWith(known);
  });

  it('does not bother the player with a file that is damaged', async () => {
    const player = vi.fn();
    const decoder = { facts: throws(damaged), preview: throws(damaged) };
    await expect(openSomehow({ decoder, player })).rejects.toBe(damaged);
    expect(player).not.toHaveBeenCalled();
  });

  it.each([
    [
      new FramesiftError('unsupported-video', 'No.'),
      'This clip is HEVC. This browser’s player was tried as well and cannot play it.',
    ],
    [
      new FramesiftError('unreadable-video', 'This clip is damaged.'),
      'This clip is HEVC. This browser’s player was tried as well and cannot play it.',
    ],
    [
      new FramesiftError('timed-out', 'It stalls.'),
      'This clip is HEVC. This browser’s player was tried as well: It stalls.',
    ],
  ])('refuses with what failed in either way', async (failure, message) => {
    const decoder = { facts: gives(undecodable), preview: throws(damaged) };
    await expect(openSomehow({ decoder, player: throws(failure) })).rejects.toMatchObject({
      code: 'unsupported-video',
      message,
    });
  });

  it('takes a clip without a picture that can be decoded, and says what failed', async () => {
    const opened = await openSomehow({
      decoder: { facts: gives(facts), preview: throws(damaged) },
      player: throws(new FramesiftError('unsupported-video', 'No.')),
    });
    expect(opened).toMatchObject({ decoder: 'webcodecs', preview: null });
    expect(opened.facts.problem).toMatch(/No picture.*No frame can be decoded.*player was tried/);
  });
});
