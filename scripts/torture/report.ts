import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { replaceBetweenMarkers } from '../host/markers';

export interface TortureReport {
  /** How many files were damaged. */
  files: number;
  /** Mutants by what came of them. */
  outcomes: Map<string, number>;
  worst: { ms: number; what: string } | null;
  /** What must not be, each with its mutant. */
  faults: string[];
  crashes: number;
  /** Undamaged clips that were read in between. */
  goodClips: number;
}

/** Names the section's markers. */
const SECTION = 'torture:clips';

/** Prints a report and writes it into its section of a document, if one is named. */
export function writeReport(
  path: string | null,
  report: TortureReport,
  peakBytes: number | null,
  chromium: string,
): void {
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
    `Slowest: ${((worst?.ms ?? 0) / 1000).toFixed(1)} s (${worst?.what ?? '–'}). Most memory of all of Chromium: ${peakBytes === null ? 'not told' : `${(peakBytes / 1e6).toFixed(0)} MB`}.`,
    ...(faults.length > 0 ? ['', ...faults.map((fault) => `- ${fault}`)] : []),
  ];
  const section = lines.join('\n');
  console.log(`\n${section}`);
  if (path === null) return;
  writeFileSync(path, replaceBetweenMarkers(readFileSync(path, 'utf8'), SECTION, section));
}
