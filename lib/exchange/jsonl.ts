import type { ImportedClip } from '@/lib/ports/library';
import {
  bad,
  ClipAssembler,
  cutOff,
  parseHeader,
  DRAFTS_TABLE,
  TABLE_NAMES,
  toDraftRow,
  toFrameRow,
  toLocalEvent,
  toServerEvent,
  toEmbeddingRow,
  type ClipRows,
  type RowsHeader,
  type TableName,
} from './rows';

/** How every file of ours begins, whatever follows. */
export const JSONL_START = '{"framesift":1,"format":"rows"';

/**
 * Clips as JSON lines: a header, then one row a line with its table's name in `table` and the table's columns; what the
 * server has no column for is in `local` of an `events` row. In chunks of some megabytes.
 */
export async function* toJsonLines(
  clips: Iterable<ClipRows> | AsyncIterable<ClipRows>,
  header: Omit<RowsHeader, 'framesift' | 'format'>,
): AsyncGenerator<string, void, undefined> {
  yield JSON.stringify({ framesift: 1, format: 'rows', ...header } satisfies RowsHeader) + '\n';
  for await (const { event, frames, embeddings, drafts, readSpans, counts } of clips) {
    yield line('events', { ...toServerEvent(event), local: toLocalEvent(event, counts, await readSpans()) });
    for await (const page of frames) yield page.map((row) => line('event_frames', toFrameRow(row))).join('');
    for await (const page of embeddings) {
      yield page.map((row) => line('frame_embeddings', toEmbeddingRow(row))).join('');
    }
    for await (const page of drafts ?? [])
      yield page.map((row) => line(DRAFTS_TABLE, toDraftRow(row))).join('');
  }
}

type LineTable = TableName | typeof DRAFTS_TABLE;

const LINE_TABLES: readonly LineTable[] = [...TABLE_NAMES, DRAFTS_TABLE];

function line(table: LineTable, row: object): string {
  return JSON.stringify({ table, ...row }) + '\n';
}

/**
 * The clips in lines that `toJsonLines` made, each as soon as it is complete.
 *
 * @throws FramesiftError `bad-input` with the line's number
 */
export async function* fromJsonLines(
  lines: AsyncIterable<string>,
): AsyncGenerator<ImportedClip, void, undefined> {
  const assembler = new ClipAssembler();
  let header: RowsHeader | null = null;
  let number = 0;
  let clips = 0;
  const take = function* () {
    const clip = assembler.take();
    if (!clip) return;
    clips += 1;
    yield clip;
  };
  for await (const text of lines) {
    number += 1;
    if (text.trim() === '') continue;
    if (!header) {
      header = parseHeader(text);
      continue;
    }
    const { table, local, ...row } = parseLine(text, number);
    if (table === 'events') {
      yield* take();
      assembler.begin(row, local);
    } else {
      assembler.add(table, local === undefined ? row : { ...row, local });
    }
  }
  yield* take();
  if (!header || clips < header.clips) throw cutOff();
}

function parseLine(text: string, number: number): { table: LineTable; local?: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad(`Line ${number} of this file is no JSON: it is damaged or cut off.`);
  }
  const table = (value as { table?: unknown } | null)?.table;
  if (!LINE_TABLES.includes(table as LineTable)) {
    throw bad(`Line ${number} of this file is not a row of ${TABLE_NAMES.join(', ')}.`);
  }
  return value as { table: LineTable };
}
