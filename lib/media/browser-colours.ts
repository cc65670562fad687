import type { Triple, WrittenColours } from '@/lib/pixels/colour';
import { withTimeout } from '@/lib/shared/async';
import { keepMeasurement, readMeasurement } from '@/lib/shared/measurements';
import { z } from '@/lib/shared/zod';
import { PATCHES_ACROSS, PROBE_PATCHES, PROBE_SIZES, type ColourProbe } from './colour-probe';
import { FramePixelReader } from './frame-pixels';

/**
 * [Note: What colours a browser makes]
 *
 * Firefox hands out red, green and blue where Chromium hands out planes, and what it says of them is no help: the frame's
 * `colorSpace` is what the decoder was configured with. So a tiny picture of known luma and chroma is decoded, of the clip's
 * codec and with the clip's own words about its colours, and what comes out tells how the clip's frames are made. It takes some ten
 * milliseconds, once a browser version (lib/shared/measurements.ts), and only where a decoder hands out no planes.
 */

const DECODE_TIMEOUT_MS = 5_000;

/** Of this worker. */
const measured = new Map<ColourProbe, Promise<Triple[] | null>>();

const coloursSchema = z.array(z.tuple([z.number(), z.number(), z.number()])).length(PROBE_PATCHES.length);

/** The red, green and blue that this browser makes of `PROBE_PATCHES` in such a clip; null where that could not be measured. */
export async function measureBrowserColours(written: WrittenColours): Promise<Triple[] | null> {
  const { COLOUR_PROBES } = await import('./colour-probes.generated');
  const probe = chooseProbe(COLOUR_PROBES, written);
  if (!probe) return null;
  const known = measured.get(probe);
  if (known) return known;
  const measuring = measureOrRead(probe);
  measured.set(probe, measuring);
  return measuring;
}

async function measureOrRead(probe: ColourProbe): Promise<Triple[] | null> {
  const { codec, size, matrix, isFullRange } = probe;
  const name = `colours-1 ${codec} ${size} ${matrix ?? 'unsaid'} ${isFullRange ? 'full' : 'limited'}`;
  const kept = coloursSchema.safeParse(await readMeasurement(name));
  if (kept.success) return kept.data;
  const colours = await decodeProbe(probe).catch(() => null);
  if (colours) await keepMeasurement(name, colours);
  return colours;
}

/** The picture whose words are a clip's. The words of a container about VP8 are not in its pictures. */
export function chooseProbe(
  probes: readonly ColourProbe[],
  { codec, matrix, isFullRange, width, height }: WrittenColours,
): ColourProbe | undefined {
  const isSaid = codec !== 'vp8';
  const said = { matrix: isSaid ? matrix : null, isFullRange: isSaid && isFullRange };
  const fitting = probes.filter(
    (probe) =>
      probe.codec === codec && probe.matrix === said.matrix && probe.isFullRange === said.isFullRange,
  );
  // Where nothing is said, browsers go by the size.
  const { large } = PROBE_SIZES;
  const size = width >= large.width || height >= large.height ? 'large' : 'small';
  return fitting.find((probe) => probe.size === size) ?? fitting[0];
}

async function decodeProbe(probe: ColourProbe): Promise<Triple[] | null> {
  const { width, height } = PROBE_SIZES[probe.size];
  const frames: VideoFrame[] = [];
  const decoder = new VideoDecoder({
    output: (frame) => frames.push(frame),
    // Its flush is rejected then.
    error: () => undefined,
  });
  try {
    decoder.configure({
      codec: probe.codecString,
      codedWidth: width,
      codedHeight: height,
      ...(probe.description !== null && { description: fromBase64(probe.description) }),
    });
    decoder.decode(new EncodedVideoChunk({ type: 'key', timestamp: 0, data: fromBase64(probe.data) }));
    await withTimeout(decoder.flush(), DECODE_TIMEOUT_MS, 'The video decoder');
    const [frame] = frames;
    if (!frame) return null;
    const rows = await new FramePixelReader(null, null).read(frame);
    const lines = PROBE_PATCHES.length / PATCHES_ACROSS;
    return PROBE_PATCHES.map((_, patch): Triple => {
      const x = ((patch % PATCHES_ACROSS) + 0.5) / PATCHES_ACROSS;
      const y = (Math.floor(patch / PATCHES_ACROSS) + 0.5) / lines;
      const word = rows.readRow(Math.floor(y * rows.height))[Math.floor(x * rows.width)]!;
      return [word & 255, (word >> 8) & 255, (word >> 16) & 255];
    });
  } finally {
    for (const frame of frames) frame.close();
    if (decoder.state !== 'closed') decoder.close();
  }
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
