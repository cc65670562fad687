import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

export interface TortureReport {
  /** How many files were damaged. */
  files: number;
  /** Mutants by what came of them. */
  outcomes: Map<string, number>;
  worst: { ms: number; what: string } | null;
  /** What must not be, each with its mutant. */
  faults: string[];
  /** The largest that a renderer grew. */
  mostBytes: number;
  crashes: number;
  /** Undamaged clips that were read in between. */
  goodClips: number;
}

const BEGIN = '<!-- torture: damaged clips -->';
const END = '<!-- torture: end -->';

/** Prints a report and writes it into its section of a document, if one is named. */
export function writeReport(path: string | null, report: TortureReport, chromium: string): void {
  const { outcomes, worst, faults } = report;
  const total = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  const lines = [
    `${total} damaged files made from ${report.files} clips, Chromium ${chromium}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}.`,
    '',
    '| what came of it | files |',
    '| --- | ---: |',
    `| pictures, with the reason where some are missing | ${outcomes.get('pictures') ?? 0} |`,
    `| refused with a sentence | ${outcomes.get('refused') ?? 0} |`,
    `| no answer in 10 s | ${outcomes.get('hung') ?? 0} |`,
    `| an answer that is no sentence | ${outcomes.get('unclear') ?? 0} |`,
    `| crashed tabs | ${report.crashes} |`,
    `| good clips read in between | ${report.goodClips} |`,
    '',
    `Slowest: ${((worst?.ms ?? 0) / 1000).toFixed(1)} s (${worst?.what ?? '–'}). Largest renderer: ${(report.mostBytes / 1e6).toFixed(0)} MB.`,
    ...(faults.length > 0 ? ['', ...faults.map((fault) => `- ${fault}`)] : []),
  ];
  const section = `${BEGIN}\n\n${lines.join('\n')}\n\n${END}`;
  console.log(`\n${lines.join('\n')}`);
  if (path === null) return;
  const text = existsSync(path) ? readFileSync(path, 'utf8') : `# Reliability\n\n${BEGIN}\n${END}\n`;
  writeFileSync(path, text.replace(new RegExp(`${BEGIN}[\\s\\S]*${END}`), section));
}
