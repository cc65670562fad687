import { describe, expect, it } from 'vitest';
import { readTable, withRow, writeTable } from '@/scripts/bench/report-table';

const HEADER = ['clip', 'seconds'];
const MACHINE = 'Two cores, Chromium 156.';

describe('a measured table', () => {
  const one = withRow(null, MACHINE, HEADER, ['1080p', '8.1']);

  it('keeps its rows through a document that was formatted', () => {
    const formatted = `${MACHINE}\n\n| clip  | seconds |\n| ----- | ------: |\n| 1080p |     8.1 |\n`;
    expect(readTable(formatted)).toEqual(one);
    expect(readTable(writeTable(one))).toEqual(one);
  });

  it('replaces the row of the same name in its place', () => {
    const both = withRow(one, MACHINE, HEADER, ['4k', '30']);
    expect(withRow(both, MACHINE, HEADER, ['1080p', '7.9']).rows).toEqual([
      ['1080p', '7.9'],
      ['4k', '30'],
    ]);
  });

  it.each([
    { what: 'another machine', environment: 'Four cores.', header: HEADER, row: ['4k', '30'] },
    { what: 'other columns', environment: MACHINE, header: ['clip', 'ms'], row: ['4k', '30000'] },
  ])('begins anew for $what', ({ environment, header, row }) => {
    expect(withRow(one, environment, header, row).rows).toEqual([row]);
  });

  it('is not there in a section without one', () => {
    expect(readTable('\nNothing was measured yet.\n')).toBeNull();
  });
});
