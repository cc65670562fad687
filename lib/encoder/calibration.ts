import type { Calibration } from '@/lib/ports/encoder';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { z } from '@/lib/shared/zod';

/**
 * A logistic of the cosine, less what the query has in common with any picture:
 * likelihood = 1 / (1 + exp(−(slope · (cosine − common · query) + intercept))).
 */
const kindSchema = z.object({
  slope: z.number().positive(),
  intercept: z.number(),
  /**
   * A share of the mean embedding of many pictures; nothing without it. Some queries have high cosines with every picture,
   * “a person” 0.3 higher ones than “a glass of wine” (docs/decisions/021-verdict.md).
   */
  common: z.array(z.number()).length(EMBEDDING_DIMENSION).optional(),
});

/**
 * What turns a cosine into "how likely is it that this frame shows it", for each kind of query that was measured on
 * pictures kept out of training. Beside a model's weights as `calibration.json`; training/calibrate.py makes it.
 *
 * The likelihoods are those of pictures like the ones that the model learned from. Frames of other cameras show a thing at
 * lower ones, so the levels separate and no likelihood is a promise (docs/decisions/021-verdict.md).
 */
const calibrationSchema = z.object({
  version: z.literal(2),
  text: kindSchema,
  /** Of queries that are pictures; nobody has measured them for the bundled model. */
  image: kindSchema.optional(),
  /** Share of frames that show what is asked for, to which the likelihoods refer. */
  prior: z.number().gt(0).lt(1),
  /** Likelihood that nearly every picture reaches that shows the thing: below it, the thing is not known to be there at all. */
  unlikely: z.number().min(0).max(1),
  /** Likelihoods from which a match counts as possible and as strong. */
  possible: z.number().min(0).max(1),
  strong: z.number().min(0).max(1),
  /** Log-odds by which a clip of n shots must exceed `possible`, divided by ln n: the best of many is good by chance. */
  perScenes: z.number().min(0).optional(),
});

/**
 * The parsed `calibration.json` of a model, or undefined when it is not one of this version. Then the model is not
 * rated: its answers say which frames stand out, and never that nothing is there.
 */
export function readCalibration(json: unknown): Calibration | undefined {
  const parsed = calibrationSchema.safeParse(json);
  if (!parsed.success) return undefined;
  const { unlikely, possible, strong } = parsed.data;
  return unlikely <= possible && possible <= strong ? parsed.data : undefined;
}
