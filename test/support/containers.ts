/** Writes small AVI, FLV and transport stream files for tests, right or damaged as a test says. */

const text = (value: string): Uint8Array => Uint8Array.from(value, (letter) => letter.charCodeAt(0));

export function concat(...parts: (Uint8Array | readonly number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

const u32le = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff);
const u32be = (value: number): number[] => u32le(value).reverse();
const u24be = (value: number): number[] => u32be(value).slice(1);

/* AVI */

/** A chunk of an AVI file; odd sizes are padded. */
export function riffChunk(id: string, data: Uint8Array, statedSize = data.length): Uint8Array {
  return concat(text(id), u32le(statedSize), data, data.length % 2 === 1 ? [0] : []);
}

export function riffList(kind: string, ...chunks: Uint8Array[]): Uint8Array {
  return riffChunk('LIST', concat(text(kind), ...chunks));
}

export interface AviOptions {
  fourcc?: string;
  scale?: number;
  rate?: number;
  /** Of the file's header. */
  frameUs?: number;
  width?: number;
  height?: number;
  extraData?: Uint8Array;
  /** What lies in `movi`. */
  movi: Uint8Array[];
  /** Where the sizes of RIFF and `movi` are 0, as a recorder leaves them that crashed. */
  isCrashed?: boolean;
  /** Entries of `idx1`: offset from the list's kind, and size. */
  index?: { id: string; offset: number; size: number }[];
  /** Segments behind the first one. */
  more?: Uint8Array[];
}

export function aviFile(options: AviOptions): Uint8Array<ArrayBuffer> {
  const { fourcc = 'MJPG', scale = 1, rate = 10, frameUs = 100_000, width = 32, height = 16 } = options;
  const streamHeader = concat(
    text('vids'),
    text(fourcc),
    u32le(0),
    u32le(0),
    u32le(0),
    u32le(scale),
    u32le(rate),
  );
  const format = concat(
    u32le(40),
    u32le(width),
    u32le(height),
    [1, 0, 24, 0],
    text(fourcc),
    new Uint8Array(20),
    options.extraData ?? [],
  );
  const header = riffList(
    'hdrl',
    riffChunk('avih', concat(u32le(frameUs), new Uint8Array(52))),
    riffList('strl', riffChunk('strh', concat(streamHeader, new Uint8Array(28))), riffChunk('strf', format)),
  );
  const moviData = concat(text('movi'), ...options.movi);
  const movi = riffChunk('LIST', moviData, options.isCrashed ? 0 : moviData.length);
  const index = options.index
    ? riffChunk(
        'idx1',
        concat(
          ...options.index.map(({ id, offset, size }) =>
            concat(text(id), u32le(16), u32le(offset), u32le(size)),
          ),
        ),
      )
    : new Uint8Array(0);
  const body = concat(text('AVI '), header, movi, index);
  return concat(riffChunk('RIFF', body, options.isCrashed ? 0 : body.length), ...(options.more ?? []));
}

/** A video chunk whose data begins with a number. */
export function aviFrame(number: number, size = 9, id = '00dc'): Uint8Array {
  return riffChunk(id, concat([number], new Uint8Array(size - 1)));
}

/* FLV */

export interface FlvTagOptions {
  type?: number;
  timeMs: number;
  data: Uint8Array | readonly number[];
  /** Whether the fourth byte of the time is left 0. */
  hasShortTime?: boolean;
}

export function flvTag({ type = 9, timeMs, data, hasShortTime = false }: FlvTagOptions): Uint8Array {
  const low = timeMs % 2 ** 24;
  const high = hasShortTime ? 0 : Math.floor(timeMs / 2 ** 24) & 0xff;
  return concat([type], u24be(data.length), u24be(low), [high], [0, 0, 0], data, u32be(data.length + 11));
}

/** An H.264 tag: how much later than decoded the picture is shown, and its data. */
export function flvAvcTag(
  timeMs: number,
  data: readonly number[],
  { isKey = false, laterMs = 0, hasShortTime = false } = {},
): Uint8Array {
  return flvTag({ timeMs, hasShortTime, data: [isKey ? 0x17 : 0x27, 1, ...u24be(laterMs), ...data] });
}

export function flvFile(...tags: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return concat(text('FLV'), [1, 1, 0, 0, 0, 9, 0, 0, 0, 0], ...tags);
}

/* MPEG-TS */

/** 33 bits in five bytes behind four bits that say which time it is. */
function pesTime(kind: number, ticks: number): number[] {
  const high = Math.floor(ticks / 2 ** 30) & 7;
  const low = ticks % 2 ** 30;
  return [
    (kind << 4) | (high << 1) | 1,
    (low >> 22) & 0xff,
    ((low >> 14) & 0xfe) | 1,
    (low >> 7) & 0xff,
    ((low << 1) & 0xfe) | 1,
  ];
}

/** Packets of one stream, the first of which begins a unit. */
export function tsPackets(pid: number, data: Uint8Array): Uint8Array {
  const packets: Uint8Array[] = [];
  for (let at = 0; at < data.length || at === 0;) {
    const part = data.subarray(at, at + 184);
    const stuffing = 184 - part.length;
    const start = at === 0 ? 0x40 : 0;
    const field =
      stuffing === 0
        ? []
        : stuffing === 1
          ? [0]
          : [stuffing - 1, 0, ...new Array<number>(stuffing - 2).fill(0xff)];
    packets.push(concat([0x47, start | (pid >> 8), pid & 0xff, stuffing === 0 ? 0x10 : 0x30], field, part));
    at += 184;
  }
  return concat(...packets);
}

/** Tables of a stream with one program: what type its pictures have, and where they are. */
export function tsTables(videoPid: number, streamType = 0x1b, mapPid = 0x100): Uint8Array {
  const section = (table: number, body: readonly number[]): Uint8Array =>
    concat([0, table, 0xb0, body.length + 9, 0, 1, 0xc1, 0, 0], body, [0, 0, 0, 0]);
  const stream = [streamType, 0xe0 | (videoPid >> 8), videoPid & 0xff, 0xf0, 0];
  return concat(
    tsPackets(0, section(0x00, [0, 1, 0xe0 | (mapPid >> 8), mapPid & 0xff])),
    tsPackets(mapPid, section(0x02, [0xe0 | (videoPid >> 8), videoPid & 0xff, 0xf0, 0, ...stream])),
  );
}

/** One picture of H.264: an IDR picture or one that refers to others. */
export function tsPicture(
  pid: number,
  { pts, dts, isKey }: { pts: number; dts?: number; isKey: boolean },
  bytes = 300,
): Uint8Array {
  const times = dts === undefined ? pesTime(2, pts) : [...pesTime(3, pts), ...pesTime(1, dts)];
  const header = [0, 0, 1, 0xe0, 0, 0, 0x80, dts === undefined ? 0x80 : 0xc0, times.length, ...times];
  const unit = [0, 0, 0, 1, isKey ? 0x65 : 0x41, ...new Array<number>(bytes).fill(0x55)];
  return tsPackets(pid, concat(header, unit));
}
