import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { csvToManifest, guardCell, manifestToCsv, unguardCell } from '@/lib/exchange/csv';
import { toManifest } from '@/lib/exchange/manifest';
import { recogniseExport } from '@/lib/exchange/recognise';
import { decodeText } from '@/lib/exchange/text';
import { makeSelection } from './fixtures';

const createdAt = new Date('2026-11-22T20:00:00Z');

describe('the table', () => {
  it('comes back as it went', () => {
    const manifest = toManifest(makeSelection(), createdAt);
    expect(csvToManifest(manifestToCsv(manifest))).toEqual(manifest);
  });

  it('comes back whatever was asked and whatever the clip is called', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(text, text, (question, fileName) => {
        const selection = makeSelection();
        selection.question.text = question;
        selection.clips[0]!.fileName = fileName;
        const manifest = toManifest(selection, createdAt);
        expect(csvToManifest(manifestToCsv(manifest))).toEqual(manifest);
      }),
    );
  }, 30_000);

  it('comes back from a spreadsheet that sorted it and saved it with semicolons', () => {
    const manifest = toManifest(makeSelection(), createdAt);
    const { data } = Papa.parse<string[]>(manifestToCsv(manifest).replace('\uFEFF', ''), {
      skipEmptyLines: true,
    });
    const [head, ...rows] = data;
    const saved = Papa.unparse([head!, ...rows.reverse()], { delimiter: ';', newline: '\n' });
    expect(csvToManifest(saved)).toEqual({ ...manifest, frames: manifest.frames.toReversed() });
  });

  it('has no cell that a spreadsheet runs, and still its numbers as numbers', () => {
    const csv = manifestToCsv(toManifest(makeSelection(), createdAt));
    const { data } = Papa.parse<Record<string, string>>(csv.replace('\uFEFF', ''), {
      header: true,
      skipEmptyLines: true,
    });
    expect(data).toHaveLength(3);
    const columns = ['clip', 'question', 'strategy', 'model_version', 'event_id', 'file', 'details'];
    for (const row of data) for (const column of columns) expect(row[column]).not.toMatch(/^[=+\-@\t\r]/);
    expect(data[0]!.score).toBe('-0.02');
    expect(data[0]!.question).toBe(`'${makeSelection().question.text}`);
  });

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', '＝1'])('%j is guarded', (text) => {
    expect(guardCell(text)).toBe(`'${text}`);
  });

  it('takes away exactly the guard that was put there', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom("'", '=', '-', '@', 'a', '\n') }), (text) => {
        expect(unguardCell(guardCell(text))).toBe(text);
      }),
    );
  });

  it('says which column is missing or damaged', () => {
    expect(() => csvToManifest('rank,clip\r\n1,a\r\n')).toThrow(/no column “time_s”/);
    const csv = manifestToCsv(toManifest(makeSelection(), createdAt));
    expect(() => csvToManifest(csv.replaceAll('{""attachments', '{attachments'))).toThrow(
      /row 2, column “details”/,
    );
  });

  it.each([
    [
      'strength',
      'splendid',
      /row 3, column “strength”: “splendid” .* one of strong, possible, weak and unrated/,
    ],
    ['rank', 'first', /row 3, column “rank”: “first” .* a whole number/],
    ['rank', '', /row 3, column “rank”: it is empty/],
    ['timestamp_ms', '1.2.3', /row 3, column “timestamp_ms”/],
    ['event_id', 'a b', /row 3, column “event_id”/],
    ['width', '-4', /row 3, column “width”/],
  ])('names row and column of a bad “%s” (#19)', (column, cell, message) => {
    const { data } = Papa.parse<Record<string, string>>(
      manifestToCsv(toManifest(makeSelection(), createdAt)).replace('\uFEFF', ''),
      { header: true, skipEmptyLines: true },
    );
    data[1]![column] = cell;
    expect(() => csvToManifest(Papa.unparse(data))).toThrow(message);
  });

  it('names the row of a quotation mark that is never closed', () => {
    const csv = manifestToCsv(toManifest(makeSelection(), createdAt));
    expect(() => csvToManifest(csv.trimEnd().slice(0, -1))).toThrow(
      /Row \d of this table has a quotation mark/,
    );
  });

  it.each([
    ['a German spreadsheet', ';', (cell: string) => cell.replace('.', ',')],
    ['a French one', ';', (cell: string) => cell.replace('.', ',').replace(/(\d)(\d{3})$/, '$1\u202F$2')],
    [
      'one that groups thousands',
      '\t',
      (cell: string) =>
        /^\d{4,}$/.test(cell) ? `${cell.slice(0, -3)}.${cell.slice(-3)}` : cell.replace('.', ','),
    ],
    ['a Swiss one', ';', (cell: string) => cell.replace(/^(\d+)(\d{3})$/, '$1’$2')],
  ])('comes back from %s (#19)', (_, delimiter, write) => {
    const manifest = toManifest(makeSelection(), createdAt);
    const { data } = Papa.parse<Record<string, string>>(manifestToCsv(manifest).replace('\uFEFF', ''), {
      header: true,
      skipEmptyLines: true,
    });
    const numbers = [
      'rank',
      'time_s',
      'score',
      'likelihood',
      'timestamp_ms',
      'frame_index',
      'width',
      'height',
    ];
    for (const row of data) for (const column of numbers) row[column] = write(row[column]!);
    expect(csvToManifest(Papa.unparse(data, { delimiter }))).toEqual(manifest);
    expect(csvToManifest(`sep=${delimiter}\r\n${Papa.unparse(data, { delimiter })}`)).toEqual(manifest);
  });

  it.each(['german.csv', 'table-utf16.txt'])(
    'comes back from %s, which a spreadsheet saved',
    async (name) => {
      const bytes = readFileSync(`test/fixtures/clips/reports/${name}`);
      expect(await recogniseExport(new Blob([bytes]))).toEqual({ kind: 'selection', format: 'csv' });
      const manifest = csvToManifest(decodeText(bytes))!;
      expect(manifest.question.text).toBe('a bicycle größer');
      expect(manifest.frames).toHaveLength(8);
      const best = manifest.frames.find(({ rank }) => rank === 2)!;
      expect(best).toMatchObject({ timestampMs: 5480, frameIndex: 5, strength: 'possible' });
      expect(best.score).toBeCloseTo(0.390666663646698, 12);
      expect(best.likelihood).toBeCloseTo(0.4326634407043457, 12);
    },
  );

  it('says nothing when it has no frames', () => {
    expect(csvToManifest(manifestToCsv(toManifest(makeSelection({ frames: [] }), createdAt)))).toBeNull();
  });
});

describe('decodeText', () => {
  const text = '\uFEFFrank;größer\r\n';
  const utf16 = (bigEndian: boolean, marked: boolean) => {
    const letters = marked ? text : text.slice(1);
    const bytes = new Uint8Array(letters.length * 2);
    const view = new DataView(bytes.buffer);
    Array.from(letters, (letter, i) => view.setUint16(i * 2, letter.charCodeAt(0), !bigEndian));
    return bytes;
  };
  it.each([
    ['UTF-8', new TextEncoder().encode(text)],
    ['UTF-8 without a mark', new TextEncoder().encode(text.slice(1))],
    ['UTF-16 little-endian', utf16(false, true)],
    ['UTF-16 big-endian', utf16(true, true)],
    ['UTF-16 little-endian without a mark', utf16(false, false)],
    ['UTF-16 big-endian without a mark', utf16(true, false)],
    ['Windows-1252', Uint8Array.from(text.slice(1), (letter) => letter.charCodeAt(0))],
  ])('reads %s', (_, bytes) => {
    expect(decodeText(bytes).replace('\uFEFF', '')).toBe(text.slice(1));
  });

  it('leaves out half a letter at the end of a beginning', () => {
    expect(decodeText(new TextEncoder().encode('größ').slice(0, -1))).toBe('grö');
  });
});
