import { z } from '@/lib/shared/zod';

/** What a question turns out to be about; as in lib/select/selection.ts. */
export const KINDS = ['moment', 'several', 'whole', 'absent'] as const;
export type QuestionKind = (typeof KINDS)[number];

const spanSchema = z.object({ startMs: z.number().min(0), endMs: z.number().positive() });

const questionSchema = z
  .object({
    text: z.string().min(1),
    kind: z.enum(KINDS),
    /** The scenes that answer, in time order; none for `absent`. Scenes may touch. */
    spans: z.array(spanSchema),
  })
  .refine(({ kind, spans }) => (kind === 'absent') === (spans.length === 0), {
    message: 'An absent thing has no spans, and everything else has some.',
  })
  .refine(
    ({ spans }) =>
      spans.every(
        ({ startMs, endMs }, index) => startMs < endMs && startMs >= (spans[index - 1]?.endMs ?? 0),
      ),
    { message: 'Spans must be in time order and not overlap.' },
  );

/** Describes a clip's file beside it: what is seen when, and what is asked. */
export const clipFileSchema = z.object({
  id: z.string().min(1),
  /** The clip's file name, in the same folder. */
  file: z.string().min(1),
  half: z.enum(['train', 'test']).default('test'),
  durationMs: z.number().positive().optional(),
  scenes: z.array(spanSchema.extend({ source: z.string(), labels: z.array(z.string()) })).optional(),
  questions: z.array(questionSchema).min(1),
});

export type ClipFile = z.infer<typeof clipFileSchema>;
export type Question = z.infer<typeof questionSchema>;
export type Span = z.infer<typeof spanSchema>;
