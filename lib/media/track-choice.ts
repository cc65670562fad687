/**
 * [Note: The chosen track travels with the file]
 *
 * A file's video track is chosen by the page unless a person chose another, and then everything that opens the file
 * must take that one: reading, stills, cuts, exports, the pictures of a selection that came back. All of them get a
 * Blob, which passes between threads, so the choice is a parameter of the Blob's media type. `openClip` reads it;
 * no caller has to hand it on, and none can forget to.
 */

const PARAMETER = /;\s*video-track=(\d+)/;

/** The same file, to be opened at its `index`th video track, counted from 0; at the page's choice for null. */
export function withVideoTrack(file: Blob, index: number | null): Blob {
  if (videoTrackOf(file) === index) return file;
  const plain = file.type.replace(PARAMETER, '') || 'application/octet-stream';
  return file.slice(0, file.size, index === null ? plain : `${plain};video-track=${index}`);
}

/** Index of the video track that a person chose for a file; null where the page chooses. */
export function videoTrackOf(file: Blob): number | null {
  const index = PARAMETER.exec(file.type)?.[1];
  return index === undefined ? null : Number(index);
}
