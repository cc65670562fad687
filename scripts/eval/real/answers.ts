import { readFile } from 'node:fs/promises';
import { FramesiftError } from '@/lib/shared/errors';
import { z } from '@/lib/shared/zod';
import { KINDS } from '../clip-file';

/** [start, end) in seconds from the clip's first frame. */
const spanSchema = z.tuple([z.number().min(0), z.number().positive()]);

const questionSchema = z
  .object({
    text: z.string().min(1),
    kind: z.enum(KINDS),
    spans: z.array(spanSchema),
    /** Spans that a person could call either way: left out of every figure. */
    unsure: z.array(spanSchema).default([]),
  })
  .refine(({ kind, spans }) => (kind === 'absent') === (spans.length === 0), {
    message: 'An absent thing has no spans, and everything else has some.',
  });

const clipSchema = z.object({
  /** Path in the folder of clips. */
  file: z.string().min(1),
  /** Without it clips take turns, in the order of the file. */
  half: z.enum(['tune', 'test']).optional(),
  questions: z.array(questionSchema),
});

const answersSchema = z.object({
  clips: z.array(clipSchema).min(1),
  libraryQuestions: z
    .array(z.object({ text: z.string().min(1), clips: z.array(z.string()).min(1) }))
    .default([]),
});

export type Half = 'tune' | 'test';
export type AskedQuestion = z.infer<typeof questionSchema>;

export interface AnsweredClip {
  file: string;
  half: Half;
  questions: AskedQuestion[];
}

export interface LibraryQuestion {
  text: string;
  /** Any one of these is right. */
  files: string[];
  /** Of the first of them. */
  half: Half;
}

export interface Answers {
  clips: AnsweredClip[];
  libraryQuestions: LibraryQuestion[];
}

/**
 * Reads files of answers as one. Halves are of clips, so that what is tuned on one half has not seen the other's.
 *
 * @throws FramesiftError `bad-input` that names the file and its fault
 */
export async function readAnswers(paths: readonly string[]): Promise<Answers> {
  const clips: AnsweredClip[] = [];
  const libraryQuestions: Answers['libraryQuestions'] = [];
  for (const path of paths) {
    const parsed = answersSchema.safeParse(await readJson(path));
    if (!parsed.success) throw new FramesiftError('bad-input', `${path}: ${z.prettifyError(parsed.error)}`);
    parsed.data.clips.forEach(({ file, half, questions }, index) => {
      const turn = index % 2 === 0 ? 'tune' : 'test';
      const known = clips.find((clip) => clip.file === file);
      if (known) known.questions.push(...questions);
      else clips.push({ file, half: half ?? turn, questions: [...questions] });
    });
    for (const { text, clips: files } of parsed.data.libraryQuestions) {
      const first = clips.find(({ file }) => file === files[0]);
      if (!first) {
        throw new FramesiftError(
          'bad-input',
          `${path}: “${text}” names ${files[0]!}, which is no clip of it.`,
        );
      }
      libraryQuestions.push({ text, files, half: first.half });
    }
  }
  return { clips, libraryQuestions };
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch (cause) {
    throw new FramesiftError('bad-input', `${path} cannot be read as JSON.`, { cause });
  }
}
