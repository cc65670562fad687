import { openAsBlob } from 'node:fs';
import { join } from 'node:path';
import { BlobSource, EncodedPacketSink, Input, MATROSKA } from 'mediabunny';
import { describe, expect, it } from 'vitest';
import { isDamagedBetween } from '@/lib/media/matroska-damage';
import { withoutBrokenEnd } from '@/lib/media/matroska-tail';

const open = (name: string) => openAsBlob(join(import.meta.dirname, '../../fixtures/clips/inputs', name));

async function placesOf(file: Blob): Promise<[seconds: number, place: number][]> {
  const input = new Input({ source: new BlobSource(file), formats: [MATROSKA] });
  const track = (await input.getPrimaryVideoTrack())!;
  const places: [number, number][] = [];
  for await (const { timestamp, sequenceNumber } of new EncodedPacketSink(track).packets()) {
    places.push([timestamp, sequenceNumber]);
  }
  input.dispose();
  return places;
}

describe('withoutBrokenEnd', () => {
  it('keeps the whole pictures of a cluster that a crash cut off', async () => {
    const cut = await open('01-crash.mkv');
    const whole = await withoutBrokenEnd(cut);
    expect(await placesOf(cut)).toHaveLength(16);
    expect(await placesOf(whole!)).toHaveLength(18);
  });

  it.each(['01-nocues.mkv', '01-damaged.mkv', '03-camera-pauses.mkv', '01-mediarecorder-h264.mkv'])(
    'leaves %s as it is',
    async (name) => expect(await withoutBrokenEnd(await open(name))).toBeNull(),
  );
});

describe('isDamagedBetween', () => {
  const holeOf = async (name: string, fromSeconds: number) => {
    const file = await open(name);
    const places = await placesOf(file);
    const at = places.findIndex(([seconds]) => seconds > fromSeconds + 1e-6);
    return isDamagedBetween(file, places[at - 1]![1], places[at]![1]);
  };

  it('finds zeros in the place of clusters', async () => {
    expect(await holeOf('01-damaged.mkv', 2.1)).toBe(true);
  });

  it('finds nothing where a camera sent nothing', async () => {
    expect(await holeOf('03-camera-pauses.mkv', 1.9)).toBe(false);
    expect(await holeOf('01-damaged.mkv', 1)).toBe(false);
  });
});
