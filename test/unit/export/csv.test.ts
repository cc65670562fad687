import fc from 'fast-check';
import Papa from 'papaparse';
import { describe, expect, it } from 'vitest';
import { csvToManifest, guardCell, manifestToCsv, unguardCell } from '@/lib/export/csv';
import { toManifest } from '@/lib/export/manifest';
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
    expect(() => csvToManifest(csv.replaceAll('{""attachments', '{attachments'))).toThrow(/“details”/);
    expect(() => csvToManifest(csv.replaceAll(',weak,', ',splendid,'))).toThrow(/frames.0.strength/);
  });

  it('says nothing when it has no frames', () => {
    expect(csvToManifest(manifestToCsv(toManifest(makeSelection({ frames: [] }), createdAt)))).toBeNull();
  });
});
