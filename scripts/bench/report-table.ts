/**
 * A table of a document that several runs fill row by row. Above it stands what all of its rows were measured on; a run
 * on anything else starts the table anew.
 */
export interface MeasuredTable {
  /** Machine and versions, one line. */
  environment: string;
  header: readonly string[];
  /** The first cell of a row is its name. */
  rows: readonly (readonly string[])[];
}

/** The table in the text of a section; null where there is none. */
export function readTable(text: string): MeasuredTable | null {
  const lines = text.split('\n').map((line) => line.trim());
  const [header, , ...rows] = lines.filter((line) => line.startsWith('|')).map(cellsOf);
  const environment = lines.find((line) => line !== '' && !line.startsWith('|'));
  if (!header || environment === undefined) return null;
  return { environment, header, rows };
}

function cellsOf(line: string): string[] {
  return line
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim());
}

/** The table with `row` in place of the row of its name, or at its end; alone where `environment` or `header` is another. */
export function withRow(
  table: MeasuredTable | null,
  environment: string,
  header: readonly string[],
  row: readonly string[],
): MeasuredTable {
  const isSame = table?.environment === environment && table.header.join('|') === header.join('|');
  const rows = isSame ? table.rows : [];
  const place = rows.findIndex(([name]) => name === row[0]);
  return { environment, header, rows: place < 0 ? [...rows, row] : rows.with(place, row) };
}

/** The section's text, in Markdown; every column but the first is aligned right. */
export function writeTable({ environment, header, rows }: MeasuredTable): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = `|---|${'--:|'.repeat(header.length - 1)}`;
  return `${environment}\n\n${[line(header), rule, ...rows.map(line)].join('\n')}`;
}
