import {
  PACKET_BYTES,
  payloadAt,
  readAssociations,
  readProgramMap,
  SYNC,
  TABLE_PID,
} from './transport-tables';

/** Of the file's beginning; tables are repeated ten times a second. */
export const TRANSPORT_HEAD_BYTES = 1024 * 1024;

/** Length of a packet, and where its sync byte is: plain, with a time in front (M2TS), with check bytes behind. */
const FRAMINGS = [
  [188, 0],
  [192, 4],
  [204, 0],
] as const;

/** The names of the video codecs that a transport stream's tables tell of, in their order. */
export function listTransportCodecs(head: Uint8Array): string[] {
  const [length, offset] = FRAMINGS.find((framing) => isFramed(head, framing)) ?? FRAMINGS[0];
  const maps = new Set<number>();
  const codecs = new Set<string>();
  for (let start = offset; start + PACKET_BYTES <= head.length; start += length) {
    const payload = head[start] === SYNC ? payloadAt(head, start) : null;
    if (!payload?.isStart) continue;
    if (payload.pid === TABLE_PID) {
      for (const pid of readAssociations(payload.bytes) ?? []) maps.add(pid);
    } else if (maps.has(payload.pid)) {
      for (const { codec } of readProgramMap(payload.bytes) ?? []) if (codec !== null) codecs.add(codec);
    }
  }
  return Array.from(codecs);
}

function isFramed(head: Uint8Array, [length, offset]: readonly [number, number]): boolean {
  return [0, 1, 2].every((packet) => head[offset + packet * length] === SYNC);
}
