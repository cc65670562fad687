import type { MatchStrength } from '@/lib/ports/encoder';

/**
 * How each strength is said and shown; nothing is said where nobody has measured the model for such questions. There are
 * no percentages: the model's likelihoods hold for pictures like those that it learned from, and are too low for other
 * cameras (docs/decisions/021-verdict.md).
 */
export const STRENGTHS: Record<MatchStrength, { label: string; style: string } | null> = {
  strong: { label: 'strong match', style: 'text-accent' },
  possible: { label: 'possible match', style: 'text-warn' },
  weak: { label: 'weak match', style: 'text-ink-2' },
  unrated: null,
};
