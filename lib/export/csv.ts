import Papa from 'papaparse';
import { FramesiftError } from '@/lib/shared/errors';
import { checkManifest, type SelectionManifest } from './manifest';

/** One row a frame. The columns after `height` are the same in every row: what was asked, and how. */
const CSV_COLUMNS = [
  'rank',
  'time_s',
  'clip',
  'score',
  'likelihood',
  'strength',
  'pinned',
  'timestamp_ms',
  'frame_index',
  'event_id',
  'file',
  'width',
  'height',
  'question',
  'strategy',
  'count',
  'model_version',
  'verdict',
  'exported_at',
  'details',
] as const;

/** Spreadsheets take files without it for one of the old single-byte encodings. */
const BYTE_ORDER_MARK = '\uFEFF';

/** How a table of ours begins. */
export const CSV_START = BYTE_ORDER_MARK + CSV_COLUMNS.join(',');

/**
 * A cell that begins so is a formula to a spreadsheet (OWASP, "CSV injection"), full-width signs included; the
 * apostrophes before it are those that this very guard puts there.
 */
const FORMULA = /^'*[=+\-@\t\r\n＝＋－＠]/;
const GUARDED_FORMULA = /^'+[=+\-@\t\r\n＝＋－＠]/;

/** Text that no spreadsheet runs: an apostrophe goes before what looks like a formula. */
export function guardCell(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text;
}

/** The inverse of `guardCell`. */
export function unguardCell(text: string): string {
  return GUARDED_FORMULA.test(text) ? text.slice(1) : text;
}

/** A selection as a table that spreadsheets open, and that comes back whole with `csvToManifest`. */
export function manifestToCsv(manifest: SelectionManifest): string {
  const names = new Map(manifest.clips.map(({ eventId, fileName }) => [eventId, fileName ?? '']));
  const { question, parameters, spans, clips } = manifest;
  const details = JSON.stringify({
    attachments: question.attachments,
    range: parameters.range,
    pinned: parameters.pinned,
    dropped: parameters.dropped,
    spans,
    clips,
  });
  const rows = manifest.frames.map((frame) => [
    frame.rank,
    frame.timestampMs / 1000,
    guardCell(names.get(frame.eventId) ?? ''),
    frame.score,
    frame.likelihood,
    frame.strength,
    frame.isPinned ? 'yes' : 'no',
    frame.timestampMs,
    frame.frameIndex,
    guardCell(frame.eventId),
    guardCell(frame.file ?? ''),
    frame.width,
    frame.height,
    guardCell(question.text),
    guardCell(manifest.strategy),
    parameters.count,
    guardCell(manifest.modelVersion),
    manifest.verdict ?? '',
    manifest.createdAt,
    details,
  ]);
  return (
    BYTE_ORDER_MARK + Papa.unparse({ fields: [...CSV_COLUMNS], data: rows }, { newline: '\r\n' }) + '\r\n'
  );
}

/**
 * Reads a table that `manifestToCsv` wrote. Rows may have been sorted, filtered or saved again by a spreadsheet.
 *
 * @returns null for a table without frames, which says nothing
 * @throws FramesiftError `bad-input` that names the row
 */
export function csvToManifest(csv: string): SelectionManifest | null {
  const { data, meta } = Papa.parse<Record<string, string>>(csv.replace(/^\uFEFF/, ''), {
    header: true,
    skipEmptyLines: true,
  });
  const missing = CSV_COLUMNS.filter((column) => !meta.fields?.includes(column));
  if (missing.length > 0) {
    throw new FramesiftError('bad-input', `This table has no column “${missing.join('”, “')}”.`);
  }
  const [first] = data;
  if (!first) return null;
  const text = (row: Record<string, string>, column: (typeof CSV_COLUMNS)[number]) =>
    unguardCell(row[column] ?? '');
  const number = (row: Record<string, string>, column: (typeof CSV_COLUMNS)[number]) => {
    const value = text(row, column);
    return value === '' ? null : Number(value);
  };
  let details: Record<string, unknown>;
  try {
    details = JSON.parse(text(first, 'details')) as Record<string, unknown>;
  } catch (cause) {
    throw new FramesiftError('bad-input', 'The column “details” of this table is damaged.', { cause });
  }
  return checkManifest({
    framesift: 1,
    createdAt: text(first, 'exported_at'),
    question: { text: text(first, 'question'), attachments: details.attachments },
    strategy: text(first, 'strategy'),
    parameters: {
      count: number(first, 'count'),
      range: details.range,
      pinned: details.pinned,
      dropped: details.dropped,
    },
    modelVersion: text(first, 'model_version'),
    verdict: text(first, 'verdict') || null,
    spans: details.spans,
    clips: details.clips,
    frames: data.map((row) => ({
      eventId: text(row, 'event_id'),
      frameIndex: number(row, 'frame_index'),
      timestampMs: number(row, 'timestamp_ms'),
      rank: number(row, 'rank'),
      score: number(row, 'score'),
      likelihood: number(row, 'likelihood'),
      strength: text(row, 'strength'),
      isPinned: text(row, 'pinned') === 'yes',
      ...(text(row, 'file') === '' ? {} : { file: text(row, 'file') }),
      width: number(row, 'width'),
      height: number(row, 'height'),
    })),
  });
}
