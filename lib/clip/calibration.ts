import { dotAt } from '@/lib/shared/vectors';
import { z } from '@/lib/shared/zod';

/**
 * What turns a cosine into "how likely is it that this frame shows it": a logistic model fitted on
 * pictures kept out of training, over how much closer a frame is to the question than to phrases about
 * everything else. Beside a model's weights as `calibration.json`; training/calibrate.py makes it.
 */
const calibrationSchema = z.object({
  version: z.literal(1),
  /** Background phrases, each to be encoded as it stands. */
  phrases: z.array(z.string().min(1)).min(2),
  /** Multiplies cosines inside the softmax of `margin`. */
  scale: z.number().positive(),
  weights: z.object({
    bias: z.number(),
    cosine: z.number().default(0),
    standardised: z.number().default(0),
    margin: z.number().default(0),
    generic: z.number().default(0),
  }),
  /** Share of frames that show what is asked for, to which the likelihoods refer. */
  prior: z.number().gt(0).lt(1),
  /** Likelihoods from which a match counts as possible and as strong. */
  possible: z.number().min(0).max(1),
  strong: z.number().min(0).max(1),
});

export type Calibration = z.infer<typeof calibrationSchema>;

/** The parsed `calibration.json` of a model, or undefined when it is not one. */
export function readCalibration(json: unknown): Calibration | undefined {
  const parsed = calibrationSchema.safeParse(json);
  return parsed.success && parsed.data.possible <= parsed.data.strong ? parsed.data : undefined;
}

/** How much a frame can be relied on; `unrated` where nobody has measured the model for such a question. */
export type MatchStrength = 'strong' | 'possible' | 'weak' | 'unrated';

export function strengthOf(likelihood: number | null, calibration: Calibration | undefined): MatchStrength {
  if (likelihood === null || !calibration) return 'unrated';
  if (likelihood >= calibration.strong) return 'strong';
  return likelihood >= calibration.possible ? 'possible' : 'weak';
}

/**
 * How likely a frame shows what a question asks for, 0…1.
 *
 * @param background unit vectors of the calibration's phrases, row-major [phrases, query.length]
 * @param frames row-major vectors of unit length; the frame's begins at `offset`
 * @param query unit vector of the question
 */
export function matchLikelihood(
  { scale, weights }: Calibration,
  background: Float32Array,
  frames: Float32Array,
  offset: number,
  query: Float32Array,
): number {
  const frame = frames.subarray(offset, offset + query.length);
  const phrases = background.length / query.length;
  const cosines = Float64Array.from({ length: phrases }, (_, row) =>
    dotAt(background, row * query.length, frame),
  );
  const mean = cosines.reduce((sum, value) => sum + value, 0) / phrases;
  const variance = cosines.reduce((sum, value) => sum + (value - mean) ** 2, 0) / phrases;
  const highest = cosines.reduce((a, b) => Math.max(a, b));
  const logSum =
    scale * highest + Math.log(cosines.reduce((sum, value) => sum + Math.exp(scale * (value - highest)), 0));
  let generic = 0;
  for (let row = 0; row < phrases; row += 1) generic += dotAt(background, row * query.length, query);
  const cosine = dotAt(frame, 0, query);
  const logit =
    weights.bias +
    weights.cosine * cosine +
    weights.standardised * ((cosine - mean) / Math.sqrt(variance || 1)) +
    weights.margin * (scale * cosine - logSum) +
    weights.generic * (generic / phrases);
  return 1 / (1 + Math.exp(-logit));
}
