import { FramesiftError } from '@/lib/shared/errors';
import { describeForeignFile, describeUndecodable, type ForeignFile } from './clip-facts';
import { FOREIGN_HEAD_BYTES, nameForeignCodec } from './name-foreign-codec';

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
