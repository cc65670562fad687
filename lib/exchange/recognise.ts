import { CHAT_SIGN } from './chat-messages';
import { CSV_START } from './csv';
import { JSONL_START } from './jsonl';
import { MANIFEST_KEYWORD, readPngText } from './png-text';
import { SQL_START } from './sql';
import { decodeText } from './text';

/** What a file turned out to be. */
export type RecognisedExport =
  | { kind: 'rows'; format: 'jsonl' | 'sql' }
  | { kind: 'library' }
  /** All files of a library as they are. */
  | { kind: 'library-files' }
  | { kind: 'selection'; format: SelectionFormat };
export type SelectionFormat = 'zip' | 'csv' | 'png' | 'chat' | 'manifest';

/** Bytes at either end of a file that are looked at: enough for the first lines, or for a ZIP's table of 500 entries. */
const HEAD_BYTES = 64 * 1024;

/** The first entry of every backup, whose name is how the archive begins; see backup.ts. */
export const BACKUP_ROWS = 'library.jsonl';

/** How an archive of a library's files begins: with the path of one of PostgreSQL's. */
const LIBRARY_FILES = /^framesift-pg\d+-v\d+(?:\.\d+)?\/[^\0]{1,80}\0/;

const ZIP_ENTRY = 'PK\u0003\u0004';
const MANIFEST_NAME = 'manifest.json';

/**
 * Whether a file is an export of ours, from a glance at its beginning and end: quick for a clip of gigabytes, and safe
 * for anything. That it can be read whole is for `importFile` to say.
 */
export async function recogniseExport(file: Blob): Promise<RecognisedExport | null> {
  if (file.size === 0) return null;
  let head: string;
  let tableHead: string;
  try {
    const bytes = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
    if (bytes[0] === 0x89) {
      // A damaged chunk is one of ours too: its sentence is better than a search with the picture.
      const text = await readPngText(file, MANIFEST_KEYWORD).catch(() => '');
      return text === null ? null : { kind: 'selection', format: 'png' };
    }
    // The mark before a text is part of what is compared.
    head = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    tableHead = decodeText(bytes);
    if (head.startsWith(ZIP_ENTRY)) {
      const tail = await file.slice(Math.max(0, file.size - HEAD_BYTES)).text();
      const isOurs = head.includes(MANIFEST_NAME, 30) || tail.includes(MANIFEST_NAME);
      return isOurs ? { kind: 'selection', format: 'zip' } : null;
    }
  } catch {
    // Whoever opens it as a clip says why it cannot be read.
    return null;
  }
  if (head.startsWith(`${BACKUP_ROWS}\0`)) return { kind: 'library' };
  if (LIBRARY_FILES.test(head)) return { kind: 'library-files' };
  if (head.startsWith(JSONL_START)) return { kind: 'rows', format: 'jsonl' };
  if (head.startsWith(SQL_START)) return { kind: 'rows', format: 'sql' };
  if (isTableStart(tableHead)) return { kind: 'selection', format: 'csv' };
  const start = head.trimStart();
  if (/^\{\s*"framesift":\s*\d/.test(start)) return { kind: 'selection', format: 'manifest' };
  if (/^[[{]/.test(start) && head.includes(CHAT_SIGN)) return { kind: 'selection', format: 'chat' };
  return null;
}

/** A spreadsheet may have saved it in another encoding, without the mark, with quotes or with other separators. */
function isTableStart(head: string): boolean {
  const [firstLine = ''] = head
    .replace(/^\uFEFF/, '')
    .replace(/^sep=.\r?\n/i, '')
    .split(/\r?\n/, 1);
  const columns = firstLine
    .replaceAll('"', '')
    .replaceAll(/[;\t|]/g, ',')
    .replaceAll(/\s*,\s*/g, ',')
    .trim();
  return columns === CSV_START.slice(1);
}
