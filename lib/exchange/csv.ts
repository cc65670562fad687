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
    pictures: manifest.frames.flatMap(({ eventId, frameIndex, span }) =>
      span ? [[eventId, frameIndex, span.startMs, span.endMs]] : [],
    ),
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

/** What some spreadsheets put first, to say what stands between cells. */
const SEPARATOR_LINE = /^sep=(.)\r?\n/i;

const NUMBER_COLUMNS = [
  'rank',
  'time_s',
  'score',
  'likelihood',
  'timestamp_ms',
  'frame_index',
  'width',
  'height',
  'count',
] as const satisfies readonly CsvColumn[];
type CsvColumn = (typeof CSV_COLUMNS)[number];
type NumberColumn = (typeof NUMBER_COLUMNS)[number];

/** What a cell must be, for the sentence on one that is not; columns that take any text have none. */
const EXPECTED: Partial<Record<CsvColumn, string>> = {
  rank: 'a whole number from 1 up',
  score: 'a number',
  likelihood: 'a number, or empty',
  strength: 'one of strong, possible, weak and unrated',
  timestamp_ms: 'a time in milliseconds',
  frame_index: 'a whole number from 0 up',
  event_id: 'the id of a clip',
  width: 'a whole number, or empty',
  height: 'a whole number, or empty',
  count: 'a whole number from 0 up',
  verdict: 'one of moment, several, whole, perhaps and absent, or empty',
  details: 'what Framesift wrote there',
};

/** The column that a place of the manifest comes from; places below `details` are in that column. */
const COLUMN_OF_FRAME: Partial<Record<string, CsvColumn>> = {
  eventId: 'event_id',
  frameIndex: 'frame_index',
  timestampMs: 'timestamp_ms',
  rank: 'rank',
  score: 'score',
  likelihood: 'likelihood',
  strength: 'strength',
  isPinned: 'pinned',
  file: 'file',
  width: 'width',
  height: 'height',
};
const COLUMN_OF_PLACE: Partial<Record<string, CsvColumn>> = {
  createdAt: 'exported_at',
  'question.text': 'question',
  strategy: 'strategy',
  'parameters.count': 'count',
  modelVersion: 'model_version',
  verdict: 'verdict',
};

/** A row of the table, with its number as a spreadsheet shows it. */
interface TableRow {
  number: number;
  cells: Record<string, string>;
}

/**
 * Reads a table that `manifestToCsv` wrote. A spreadsheet may have sorted or filtered its rows, and saved it with other
 * separators and with decimal commas.
 *
 * @returns null for a table without frames, which says nothing
 * @throws FramesiftError `bad-input` that names the row and the column
 */
export function csvToManifest(csv: string): SelectionManifest | null {
  const rows = readTable(csv);
  const [first] = rows;
  if (!first) return null;
  const hasDecimalCommas = rows.some(({ cells }) =>
    NUMBER_COLUMNS.some((column) => (cells[column] ?? '').includes(',')),
  );
  const text = ({ cells }: TableRow, column: CsvColumn) => unguardCell(cells[column] ?? '');
  const number = (row: TableRow, column: NumberColumn) => {
    const value = text(row, column).trim();
    if (value === '') return null;
    const parsed = parseNumber(value, hasDecimalCommas);
    if (parsed === null) throw badCell(row, column);
    return parsed;
  };
  let details: Record<string, unknown>;
  try {
    details = JSON.parse(text(first, 'details')) as Record<string, unknown>;
  } catch (cause) {
    throw badCell(first, 'details', cause);
  }
  const spanOf = pictureSpans(details.pictures);
  const value = {
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
    frames: rows.map((row) => ({
      eventId: text(row, 'event_id'),
      frameIndex: number(row, 'frame_index'),
      timestampMs: number(row, 'timestamp_ms'),
      ...spanOf(text(row, 'event_id'), number(row, 'frame_index')),
      rank: number(row, 'rank'),
      score: number(row, 'score'),
      likelihood: number(row, 'likelihood'),
      strength: text(row, 'strength'),
      isPinned: text(row, 'pinned') === 'yes',
      ...(text(row, 'file') === '' ? {} : { file: text(row, 'file') }),
      width: number(row, 'width'),
      height: number(row, 'height'),
    })),
  };
  return checkManifest(value, (path) => cellAt(rows, path));
}

function readTable(csv: string): TableRow[] {
  const text = csv.replace(/^\uFEFF/, '');
  const table = text.replace(SEPARATOR_LINE, '');
  const delimiter = SEPARATOR_LINE.exec(text)?.[1] ?? delimiterOf(table);
  const { data, errors } = Papa.parse<string[]>(table, { delimiter });
  const unclosed = errors.find(({ type }) => type === 'Quotes');
  if (unclosed) {
    const row = (unclosed.row ?? 0) + 1;
    throw new FramesiftError(
      'bad-input',
      `Row ${row} of this table has a quotation mark that is never closed. Export it again, or mend that row.`,
    );
  }
  const [head = [], ...others] = data;
  const columns = head.map((name) => name.trim());
  const missing = CSV_COLUMNS.filter((column) => !columns.includes(column));
  if (missing.length > 0) {
    throw new FramesiftError('bad-input', `This table has no column “${missing.join('”, “')}”.`);
  }
  return others
    .map((cells, i) => ({
      number: i + 2,
      cells: Object.fromEntries(columns.map((column, at) => [column, cells[at] ?? ''])),
    }))
    .filter(({ cells }) => Object.values(cells).some((cell) => cell.trim() !== ''));
}

/** What stands between the names of the columns, none of which has such a sign in it; cells may be full of commas. */
function delimiterOf(table: string): string {
  const [head = ''] = table.split(/\r?\n/, 1);
  const count = (sign: string) => head.split(sign).length;
  return [',', ';', '\t', '|'].reduce((best, sign) => (count(sign) > count(best) ? sign : best));
}

/** A number as a spreadsheet of any country writes it; null for what is none. */
function parseNumber(text: string, hasDecimalCommas: boolean): number | null {
  // Between thousands: spaces of any width, apostrophes, and the point where the comma is the decimal sign.
  const grouped = text.replaceAll(/[\s'’]/gu, '');
  const plain = hasDecimalCommas ? grouped.replaceAll('.', '').replace(',', '.') : grouped;
  return /^[-\u2212]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(plain)
    ? Number(plain.replace('\u2212', '-'))
    : null;
}

function badCell(row: TableRow, column: CsvColumn, cause?: unknown): FramesiftError {
  const cell = unguardCell(row.cells[column] ?? '');
  const shown = cell.length > MAX_SHOWN ? `${cell.slice(0, MAX_SHOWN)}…` : cell;
  const what = shown === '' ? 'it is empty' : `“${shown}” stands there`;
  return new FramesiftError(
    'bad-input',
    `This table cannot be read in row ${row.number}, column “${column}”: ${what}, and not ${EXPECTED[column] ?? 'a text of this length'}.`,
    { cause },
  );
}

/** Letters of a cell that are shown in a sentence. */
const MAX_SHOWN = 40;

/** The error for the cell that a place of the manifest was read from. */
function cellAt(rows: readonly TableRow[], path: readonly PropertyKey[]): FramesiftError {
  const [place, index, name] = path;
  if (place === 'frames' && typeof index === 'number') {
    return badCell(rows[index]!, COLUMN_OF_FRAME[String(name)] ?? 'details');
  }
  return badCell(rows[0]!, COLUMN_OF_PLACE[path.map(String).join('.')] ?? 'details');
}

/** Spans of frames' pictures as `manifestToCsv` writes them into the details; tables of before have none. */
function pictureSpans(value: unknown) {
  const spans = new Map<string, unknown>();
  for (const entry of Array.isArray(value) ? (value as unknown[]) : []) {
    if (!Array.isArray(entry)) continue;
    const [eventId, frameIndex, startMs, endMs] = entry as unknown[];
    spans.set(`${String(eventId)} ${String(frameIndex)}`, { startMs, endMs });
  }
  return (eventId: string, frameIndex: number | null) => {
    const span = spans.get(`${eventId} ${String(frameIndex)}`);
    return span === undefined ? {} : { span };
  };
}
