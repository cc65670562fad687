import { describe, expect, it } from 'vitest';
import { readFlv } from '@/lib/media/demux/flv';
import { openDemuxed } from '@/lib/media/demux/open-demuxed';
import { flvAvcTag, flvFile, flvTag } from '../../../support/containers';

const sound = (timeMs: number): Uint8Array => flvTag({ type: 8, timeMs, data: [0xaf, 1, 2, 3] });

const fileOf = (...tags: Uint8Array[]): Blob => new Blob([flvFile(...tags)]);

describe('readFlv', () => {
  it('gives decoding and showing times, key frames and where the data lies', async () => {
    const blob = fileOf(
      sound(0),
      flvAvcTag(0, [1, 9], { isKey: true, laterMs: 80 }),
      sound(20),
      flvAvcTag(40, [2], { laterMs: 160 }),
      flvAvcTag(80, [3], { laterMs: -40 }),
    );
    const file = await readFlv(blob);
    const bytes = new Uint8Array(await blob.arrayBuffer());
    expect(file?.packets.map(({ decodeMs, showMs, isKey }) => [decodeMs, showMs, isKey])).toEqual([
      [0, 80, true],
      [40, 200, false],
      [80, 40, false],
    ]);
    expect(file?.packets.map(({ position, size }) => [bytes[position], size])).toEqual([
      [1, 2],
      [2, 1],
      [3, 1],
    ]);
    expect(file).toMatchObject({ hasAudio: true, isDamaged: false });
  });

  it('shows every picture before the end of a file that is cut off, and says so', async () => {
    const whole = flvFile(flvAvcTag(0, [1], { isKey: true }), flvAvcTag(40, [2]), flvAvcTag(80, [3, 3, 3]));
    const file = await readFlv(new Blob([whole.slice(0, whole.length - 6)]));
    expect(file?.packets).toHaveLength(2);
    expect(file?.isDamaged).toBe(true);
  });

  it('finds the next tag behind damage', async () => {
    const junk = new Uint8Array(200).fill(0xee);
    const file = await readFlv(fileOf(flvAvcTag(0, [1], { isKey: true }), junk, flvAvcTag(40, [2])));
    expect(file?.packets.map(({ decodeMs }) => decodeMs)).toEqual([0, 40]);
    expect(file?.isDamaged).toBe(true);
  });

  it('takes commands to players and ends of sequences for no picture', async () => {
    const command = flvTag({ timeMs: 10, data: [0x57, 0] });
    const end = flvTag({ timeMs: 50, data: [0x17, 2, 0, 0, 0] });
    const file = await readFlv(fileOf(flvAvcTag(0, [1], { isKey: true }), command, flvAvcTag(40, [2]), end));
    expect(file?.packets).toHaveLength(2);
  });

  it('reads the four letters of enhanced RTMP, with and without a time of showing', async () => {
    const letters = Array.from('hvc1', (letter) => letter.charCodeAt(0));
    const file = await readFlv(
      fileOf(
        flvTag({ timeMs: 0, data: [0x90, ...letters, 1, 2, 3] }),
        flvTag({ timeMs: 0, data: [0x91, ...letters, 0, 0, 80, 7] }),
        flvTag({ timeMs: 40, data: [0xa3, ...letters, 8] }),
      ),
    );
    expect(file?.codec).toBe('hvc1');
    expect(file?.configurations).toEqual([Uint8Array.of(1, 2, 3)]);
    expect(file?.packets.map(({ showMs, size, isKey }) => [showMs, size, isKey])).toEqual([
      [80, 1, true],
      [40, 1, false],
    ]);
  });

  it('answers null for sound alone', async () => {
    expect(await readFlv(fileOf(sound(0), sound(20)))).toBeNull();
  });
});

describe('times of FLV', () => {
  const timesOf = async (blob: Blob): Promise<number[]> => {
    const { packets, startUs } = await openDemuxed(blob, 'FLV');
    const times: number[] = [];
    for (let packet = await packets.firstPacket(); packet; packet = await packets.nextPacket(packet)) {
      times.push((packet.timestampUs - startUs) / 1000);
    }
    return times;
  };
  const row = (from: number, hasShortTime = false): Uint8Array[] =>
    [0, 40, 80, 120].map((ms) => flvAvcTag(from + ms, [1], { isKey: ms === 0, hasShortTime }));

  it('go on where a writer leaves the fourth byte 0 after 4.66 hours', async () => {
    expect(await timesOf(fileOf(...row(2 ** 24 - 80, true)))).toEqual([0, 40, 80, 120]);
  });

  it('are those of the file behind 4.66 hours with the fourth byte', async () => {
    expect(await timesOf(fileOf(...row(2 ** 24 - 80)))).toEqual([0, 40, 80, 120]);
  });

  it('follow each other where a server began anew', async () => {
    expect(await timesOf(fileOf(...row(5_000), ...row(0)))).toEqual([0, 40, 80, 120, 160, 200, 240, 280]);
    expect((await openDemuxed(fileOf(...row(5_000), ...row(0)), 'FLV')).problem).toMatch(/joined from 2/);
  });
});

describe('codecs of FLV', () => {
  it.each([
    [2, 'Sorenson H.263 (Flash Video)'],
    [4, 'VP6 (Flash Video)'],
    [3, 'Flash Screen Video'],
    [9, 'MPEG-4 Visual'],
    [7, 'H.264'],
  ])('%i is %s, and not decoded without a configuration', async (codec, name) => {
    const blob = fileOf(flvTag({ timeMs: 0, data: [0x10 | codec, 1, 0, 0, 0, 1, 2, 3] }));
    expect(await openDemuxed(blob, 'FLV')).toMatchObject({ codec: name, decoding: null });
  });

  it('names what a file of sound is', async () => {
    await expect(openDemuxed(fileOf(sound(0)), 'FLV')).rejects.toThrow(/no video track/);
  });
});
