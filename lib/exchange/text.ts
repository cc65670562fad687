/** How a text is written in bytes. */
type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be';

/**
 * The text of bytes that a spreadsheet or an editor may have saved anew: UTF-8, UTF-16 with or without its mark, or
 * the single-byte encoding of Western Europe, in which spreadsheets save by default.
 *
 * @param bytes a whole text, or its beginning
 */
export function decodeText(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes);
  if (encoding !== 'utf-8') return new TextDecoder(encoding).decode(bytes);
  try {
    // The end of a beginning may be half a letter, which streaming leaves out.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return new TextDecoder('windows-1252').decode(bytes);
  }
}

function encodingOf(bytes: Uint8Array): Encoding {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  // Our columns begin with letters of ASCII: every other byte of them is zero.
  if (first === 0 && second !== 0) return 'utf-16be';
  if (second === 0 && first !== 0) return 'utf-16le';
  return 'utf-8';
}
