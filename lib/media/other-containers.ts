import { FramesiftError } from '@/lib/shared/errors';
import { describeForeignFile, describeUndecodable, type ForeignFile } from './clip-facts';
import type { OtherContainer } from './demux/open-other-clip';
import { FOREIGN_HEAD_BYTES, nameForeignCodec } from './name-foreign-codec';
import type { OpenClip } from './opened-clip';

/** How many bytes of a file `sniffOtherContainer` wants to see. */
const OTHER_HEAD_BYTES = 12;

/** Tells such a container by the first bytes of a file. */
export function sniffOtherContainer(head: Uint8Array): OtherContainer | null {
  const text = String.fromCharCode(...head.subarray(0, OTHER_HEAD_BYTES));
  if (text.startsWith('RIFF') && text.slice(8, 12) === 'AVI ') return 'AVI';
  return text.startsWith('FLV') ? 'FLV' : null;
}

/** Opens such a clip with code that is fetched now. */
export async function openOtherContainer(blob: Blob, container: OtherContainer): Promise<OpenClip> {
  const { openOtherClip } = await import('./demux/open-other-clip');
  return openOtherClip(blob, container);
}

/** Codecs that browsers decode, so that the container alone is in the way. */
const DECODED_CODECS = new Set(['H.264', 'VP8', 'VP9', 'AV1']);

/** Says why a clip in a container that nobody here reads is refused: by its codec, where the file's front shows it. */
export async function refuseForeignVideo(blob: Blob, file: ForeignFile): Promise<FramesiftError> {
  const head = new Uint8Array(await blob.slice(0, FOREIGN_HEAD_BYTES).arrayBuffer());
  const named = nameForeignCodec(head);
  return new FramesiftError('unsupported-video', describeForeignVideo(named, file));
}

/** The sentence of such a refusal. */
export function describeForeignVideo(named: ReturnType<typeof nameForeignCodec>, file: ForeignFile): string {
  if (!named) return describeForeignFile(file);
  const { container, codec, hasVideo } = named;
  if (!hasVideo) {
    return `This ${container} file has sound alone. Choose a clip with pictures: MP4, MOV, WebM, MKV, TS, AVI or FLV.`;
  }
  if (codec === null) return describeForeignFile({ kind: 'video', name: container });
  if (!DECODED_CODECS.has(codec)) return describeUndecodable(codec);
  return `This clip is ${codec} in ${container}, a kind of file that this page does not read. Convert it to MP4 — for example with HandBrake — and drop it again.`;
}
