import {
  findFraming,
  PACKET_BYTES,
  payloadAt,
  readAssociations,
  readProgramMap,
  SYNC,
  TABLE_PID,
} from './transport-tables';

/** Of the file's beginning; tables are repeated ten times a second. */
export const TRANSPORT_HEAD_BYTES = 1024 * 1024;

/** The names of the video codecs that a transport stream's tables tell of, in their order. */
export function listTransportCodecs(head: Uint8Array): string[] {
  const { stride, start: first } = findFraming(head) ?? { stride: PACKET_BYTES, start: 0 };
  const maps = new Set<number>();
  const codecs = new Set<string>();
  for (let start = first; start + PACKET_BYTES <= head.length; start += stride) {
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
