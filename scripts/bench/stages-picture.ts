import { joined } from './trace';
import { STAGES, type TracedReading } from './stages';

const WIDTH = 960;
const LEFT = 90;
const ROW = 22;
const BAR = 14;
const TOP = 8;
const TICK_MS = 1000;

/** An SVG of one reading: a row a stage, a bar wherever it was busy, seconds below. */
export function drawStages({ window, stages }: TracedReading): string {
  const lengthMs = window.endMs - window.startMs;
  const scale = (WIDTH - LEFT - 10) / lengthMs;
  const x = (ms: number) => (LEFT + (ms - window.startMs) * scale).toFixed(1);
  const bottom = TOP + STAGES.length * ROW;
  const rows = STAGES.map((name, row) => {
    const y = TOP + row * ROW;
    const bars = joined(stages[name]).map(
      ({ startMs, endMs }) =>
        `M${x(startMs)} ${y}h${((endMs - startMs) * scale).toFixed(1)}v${BAR}H${x(startMs)}z`,
    );
    return `<text x="${LEFT - 8}" y="${y + BAR - 3}" text-anchor="end">${name}</text><path d="${bars.join('')}"/>`;
  });
  const ticks = Array.from({ length: Math.floor(lengthMs / TICK_MS) + 1 }, (_, second) => {
    const at = x(window.startMs + second * TICK_MS);
    return `<text x="${at}" y="${bottom + 14}" text-anchor="middle">${second}${second === 0 ? ' s' : ''}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 22}" font-family="sans-serif" font-size="12" fill="#666">`,
    `<g>${rows.join('\n').replaceAll('<path', '<path fill="#2f7d5b"')}</g>`,
    `<g>${ticks.join('')}</g>`,
    '</svg>\n',
  ].join('\n');
}
