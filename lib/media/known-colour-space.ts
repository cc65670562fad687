/** What a VideoColorSpace holds, in a browser that may know more words than the standard or than we do. */
export interface StatedColourSpace {
  primaries: string | null;
  transfer: string | null;
  matrix: string | null;
  fullRange: boolean | null;
}

/** The words that mediabunny knows; it throws on any other. */
const WORDS = {
  primaries: new Set(['bt709', 'bt470bg', 'smpte170m', 'bt2020', 'smpte432']),
  transfer: new Set(['bt709', 'smpte170m', 'linear', 'iec61966-2-1', 'pq', 'hlg']),
  matrix: new Set(['rgb', 'bt709', 'bt470bg', 'smpte170m', 'bt2020-ncl']),
} satisfies Record<string, ReadonlySet<string>>;

/** A colour space without the words that nobody knows (WebKit says "unspecified"), or null where there are none. */
export function withoutUnknownWords(stated: StatedColourSpace): StatedColourSpace | null {
  const known = (kind: keyof typeof WORDS) => {
    const word = stated[kind];
    return word !== null && WORDS[kind].has(word) ? word : null;
  };
  const kept = { primaries: known('primaries'), transfer: known('transfer'), matrix: known('matrix') };
  const isAsStated = Object.entries(kept).every(([kind, word]) => word === stated[kind as keyof typeof kept]);
  return isAsStated ? null : { ...kept, fullRange: stated.fullRange };
}

/** From here on a frame of this thread says nothing of its colours that is not in the standard. */
export function silenceUnknownColours(): void {
  if (typeof VideoFrame === 'undefined') return;
  const own = Object.getOwnPropertyDescriptor(VideoFrame.prototype, 'colorSpace');
  if (!own?.get || !own.configurable) return;
  Object.defineProperty(VideoFrame.prototype, 'colorSpace', {
    ...own,
    get(this: VideoFrame): VideoColorSpace {
      const stated = own.get!.call(this) as VideoColorSpace;
      const kept = withoutUnknownWords(stated);
      return kept ? new VideoColorSpace(kept as VideoColorSpaceInit) : stated;
    },
  });
}
