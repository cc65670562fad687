import type { ImportedClip } from '@/lib/ports/library';
import {
  bad,
  ClipAssembler,
  cutOff,
  parseHeader,
  SERVER_TABLES,
  TABLE_NAMES,
  toFrameRow,
  toLocalEvent,
  toServerEvent,
  toEmbeddingRow,
  type Cell,
  type ClipRows,
  type Row,
  type RowsHeader,
  type TableName,
} from './rows';

/*
 * [Note: A grammar of lines] Every statement is written over lines of its own, one row a line, and line breaks inside
 * texts are escapes. So the file can be read back line by line, and reading it means comparing lines with the few that
 * are ever written; nothing is executed, and whatever else stands in a file is refused.
 */

/** How every file of ours begins. */
export const SQL_START = '-- Framesift rows 1 ';
const LOCAL_START = '-- event ';
const BEGIN = 'begin;';
const COMMIT = 'commit;';

/** Rows in one INSERT: statements of about half a megabyte. */
const ROWS_PER_STATEMENT = 100;

/** What a repeated row is recognised by, and the columns that it brings up to date; an id that is there stays. */
const CONFLICTS: Record<TableName, readonly string[]> = {
  events: ['id'],
  event_frames: ['event_id', 'frame_number'],
  frame_embeddings: ['event_id', 'frame_index'],
};

function insertLine(table: TableName): string {
  return `insert into ${table} (${SERVER_TABLES[table].join(', ')}) values`;
}

function conflictLine(table: TableName): string {
  const key = CONFLICTS[table];
  const changed = SERVER_TABLES[table].filter((column) => column !== 'id' && !key.includes(column));
  const set = changed.map((column) => `${column} = excluded.${column}`).join(', ');
  return `on conflict (${key.join(', ')}) do update set ${set};`;
}

/**
 * A value as a PostgreSQL literal on one line. A text with a backslash or line break is an `E''` string, in which a
 * backslash is one whatever `standard_conforming_strings` says.
 */
export function sqlLiteral(value: Cell): string {
  if (value === null) return 'null';
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no whole number.`);
    return String(value);
  }
  if (value.includes('\0')) throw bad('A text with a NUL character cannot be written as SQL.');
  const quoted = value.replaceAll("'", "''");
  if (!/[\\\n\r]/.test(value)) return `'${quoted}'`;
  return `E'${quoted.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
}

/**
 * Clips as SQL that loads into the server's PostgreSQL tables, one transaction a clip; loading it again changes
 * nothing. What the server has no column for is in a comment before each clip. In chunks of some megabytes.
 */
export async function* toSql(
  clips: Iterable<ClipRows> | AsyncIterable<ClipRows>,
  header: Omit<RowsHeader, 'framesift' | 'format'>,
): AsyncGenerator<string, void, undefined> {
  yield `${SQL_START}${JSON.stringify({ framesift: 1, format: 'rows', ...header } satisfies RowsHeader)}\n`;
  yield '-- For PostgreSQL: psql --set ON_ERROR_STOP=1 --file THIS_FILE\n';
  for await (const { event, frames, embeddings, readSpans, counts } of clips) {
    yield `\n${BEGIN}\n${LOCAL_START}${JSON.stringify(toLocalEvent(event, counts, await readSpans()))}\n`;
    yield statements('events', [toServerEvent(event)]);
    for await (const page of frames) yield statements('event_frames', page.map(toFrameRow));
    for await (const page of embeddings) yield statements('frame_embeddings', page.map(toEmbeddingRow));
    yield `${COMMIT}\n`;
  }
}

function statements(table: TableName, rows: readonly Row[]): string {
  let sql = '';
  for (let start = 0; start < rows.length; start += ROWS_PER_STATEMENT) {
    const tuples = rows
      .slice(start, start + ROWS_PER_STATEMENT)
      .map((row) => `  (${SERVER_TABLES[table].map((column) => sqlLiteral(row[column]!)).join(', ')})`);
    sql += `${insertLine(table)}\n${tuples.join(',\n')}\n${conflictLine(table)}\n`;
  }
  return sql;
}

/**
 * The clips in lines that `toSql` made, each as soon as it is complete. See [Note: A grammar of lines].
 *
 * @throws FramesiftError `bad-input` with the number of the first line that is none of ours
 */
export async function* fromSql(lines: AsyncIterable<string>): AsyncGenerator<ImportedClip, void, undefined> {
  const assembler = new ClipAssembler();
  let header: RowsHeader | null = null;
  let number = 0;
  let clips = 0;
  let isInside = false;
  let local: unknown;
  /** The table whose tuples are being read, and whether the last of them was. */
  let insert: { table: TableName; isLast: boolean } | null = null;
  const foreign = () =>
    bad(
      `Line ${number} of this SQL file is not one that Framesift writes, so none of it is run. Only SQL exported from Framesift can be brought in.`,
    );
  for await (const text of lines) {
    number += 1;
    if (!header) {
      if (!text.startsWith(SQL_START)) throw foreign();
      header = parseHeader(text.slice(SQL_START.length));
    } else if (insert) {
      if (insert.isLast) {
        if (text !== conflictLine(insert.table)) throw foreign();
        insert = null;
        continue;
      }
      const row = parseTuple(text, SERVER_TABLES[insert.table]);
      if (!row) throw foreign();
      insert.isLast = !row.isContinued;
      if (insert.table === 'events') assembler.begin(row.values, local);
      else assembler.add(insert.table, row.values);
    } else if (text === BEGIN && !isInside) {
      isInside = true;
      local = undefined;
    } else if (text === COMMIT && isInside) {
      isInside = false;
      const clip = assembler.take();
      if (!clip) throw foreign();
      clips += 1;
      yield clip;
    } else if (text.startsWith(LOCAL_START) && isInside && assembler.isEmpty) {
      local = parseLocal(text.slice(LOCAL_START.length), number);
    } else if (isInside) {
      const table = TABLE_NAMES.find((name) => text === insertLine(name));
      if (!table) throw foreign();
      insert = { table, isLast: false };
    } else if (text !== '' && !text.startsWith('--')) {
      throw foreign();
    }
  }
  if (!header || insert || isInside || clips < header.clips) throw cutOff();
}

function parseLocal(json: string, number: number): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw bad(`Line ${number} of this SQL file is damaged.`);
  }
}

/**
 * One line `  (value, …)`, with a comma behind it when more follow.
 *
 * @returns null for anything else
 */
export function parseTuple(
  line: string,
  columns: readonly string[],
): { values: Row; isContinued: boolean } | null {
  if (!line.startsWith('  (')) return null;
  const isContinued = line.endsWith('),');
  if (!isContinued && !line.endsWith(')')) return null;
  const end = line.length - (isContinued ? 2 : 1);
  const values: Row = {};
  let position = 3;
  for (const [i, column] of columns.entries()) {
    if (i > 0) {
      if (!line.startsWith(', ', position)) return null;
      position += 2;
    }
    const literal = readLiteral(line, position);
    if (!literal || literal.end > end) return null;
    values[column] = literal.value;
    position = literal.end;
  }
  return position === end ? { values, isContinued } : null;
}

const PLAIN = /null|-?\d{1,16}/y;
// Written so that a run of plain characters is one step: an embedding has 6,000 of them.
const QUOTED = /'[^'\\]*(?:''[^'\\]*)*'/y;
const ESCAPED = /E'[^'\\]*(?:(?:''|\\[\\nr])[^'\\]*)*'/y;

function readLiteral(line: string, start: number): { value: Cell; end: number } | null {
  const match = (pattern: RegExp) => {
    pattern.lastIndex = start;
    return pattern.exec(line)?.[0];
  };
  const quoted = match(QUOTED);
  if (quoted !== undefined) {
    return { value: quoted.slice(1, -1).replaceAll("''", "'"), end: start + quoted.length };
  }
  const plain = match(PLAIN);
  if (plain !== undefined) {
    return { value: plain === 'null' ? null : Number(plain), end: start + plain.length };
  }
  const escaped = match(ESCAPED);
  if (escaped === undefined) return null;
  const value = escaped
    .slice(2, -1)
    .replace(/''|\\[\\nr]/g, (pair) =>
      pair === "''" ? "'" : pair === '\\n' ? '\n' : pair === '\\r' ? '\r' : '\\',
    );
  return { value, end: start + escaped.length };
}
