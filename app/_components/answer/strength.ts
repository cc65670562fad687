import type { MatchStrength } from '@/lib/clip/calibration';

/** How each strength is said and shown; nothing is said where nobody has measured the model for such questions. */
export const STRENGTHS: Record<MatchStrength, { label: string; style: string } | null> = {
  strong: { label: 'strong match', style: 'text-accent' },
  possible: { label: 'possible match', style: 'text-warn' },
  weak: { label: 'weak match', style: 'text-ink-2' },
  unrated: null,
};

/** "83 %"; never a certainty, which no fit can promise. */
export function formatLikelihood(likelihood: number): string {
  const percent = Math.round(likelihood * 100);
  if (percent < 1) return '< 1 %';
  return percent > 99 ? '> 99 %' : `${percent} %`;
}
