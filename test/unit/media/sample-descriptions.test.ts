import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readPictureParameters } from '@/lib/media/bitstream/h264';
import { avcType, lengthPrefixedUnits } from '@/lib/media/bitstream/nal-units';
import { readMoov } from '@/lib/media/mp4-boxes';
import { readSampleDescriptions, withOwnParameters } from '@/lib/media/sample-descriptions';

const clips = join(import.meta.dirname, '../../fixtures/clips');
/** Of the file's first track; null where the file has no tables. */
async function descriptionsOf(name: string) {
  const moov = await readMoov(await openAsBlob(join(clips, name)));
  return moov && readSampleDescriptions(moov, 1);
}

/** The first half of the clip was made without CABAC, the second with it. */
const isCabac = (unit: Uint8Array) => readPictureParameters(unit)?.isCabac;

const LENGTHS_OF_4 = { codec: 'avc1.640014', description: Uint8Array.of(1, 0x64, 0, 0x14, 0xff) };

const packetOf = (sequence: number, isKey: boolean) => ({
  sequence,
  timestampUs: 0,
  durationUs: 0,
  isKey,
  data: Uint8Array.of(0, 0, 0, 2, isKey ? 0x65 : 0x41, 0x80),
});

describe('readSampleDescriptions', () => {
  it('reads which samples follow which description', async () => {
    const read = await descriptionsOf('more/two-descriptions.mp4');
    expect(read?.runs).toEqual([
      { firstSample: 0, description: 0 },
      { firstSample: 150, description: 1 },
    ]);
    expect(read?.records.map(({ parameterSets }) => isCabac(parameterSets[1]!))).toEqual([false, true]);
  });

  it.each([
    'inputs/12-h264-aac.mp4',
    'inputs/01-fmp4-sidx.mp4',
    'inputs/12-h264.mkv',
    'inputs/07-text-named.mp4',
  ])('has nothing to say of %s', async (name) => {
    expect(await descriptionsOf(name)).toBeNull();
  });
});

describe('withOwnParameters', () => {
  it.each([
    [0, false],
    [149, false],
    [150, true],
    [299, true],
  ])('leads the key packet %i by its own parameter sets', async (sequence, entropy) => {
    const descriptions = (await descriptionsOf('more/two-descriptions.mp4'))!;
    const { data } = withOwnParameters(packetOf(sequence, true), LENGTHS_OF_4, descriptions);
    const units = [...lengthPrefixedUnits(data, 4)];
    expect(units.map(avcType)).toEqual([7, 8, 5]);
    expect(isCabac(units[1]!)).toBe(entropy);
  });

  it('leaves other packets as they are', async () => {
    const descriptions = (await descriptionsOf('more/two-descriptions.mp4'))!;
    const packet = packetOf(151, false);
    expect(withOwnParameters(packet, LENGTHS_OF_4, descriptions)).toBe(packet);
  });
});
