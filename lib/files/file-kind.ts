/** Bytes looked at to tell a web page or a pointer file from what was asked for. */
export const SNIFFED_BYTES = 512;

/** True for the content type that a misconfigured host, a proxy's login or an error page answers with. */
export function looksLikeWebPage(contentType: string | null): boolean {
  return /^\s*(text\/html|application\/xhtml)/i.test(contentType ?? '');
}

/**
 * Why a file that begins so is not the one that its name says, to be read after the name of who sent it;
 * undefined when nothing speaks against it.
 *
 * @param beginning the first bytes, a few hundred or all there are
 */
export function problemWithKind(path: string, beginning: Uint8Array): string | undefined {
  const text = new TextDecoder('latin1').decode(beginning).trimStart().toLowerCase();
  if (text.startsWith('<!doctype') || text.startsWith('<html')) {
    return `gives a web page instead of ${path}`;
  }
  if (text.startsWith('version https://git-lfs')) {
    return `gives a Git LFS pointer instead of ${path} itself. Serve the file that it points to (on the Hub: /resolve/ instead of /raw/)`;
  }
  if (path.endsWith('.json') && beginning.length > 0 && !/^[[{]/.test(text.replace(/^ï»¿/, ''))) {
    return `gives something that is no JSON as ${path}`;
  }
  // An ONNX file begins with its format's version: field 1, a small number.
  if (path.endsWith('.onnx') && beginning.length > 0 && beginning[0] !== 0x08) {
    return `gives something that is no ONNX graph as ${path}`;
  }
  return undefined;
}
