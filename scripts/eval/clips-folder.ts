import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FramesiftError } from '@/lib/shared/errors';
import { type ClipFile, clipFileSchema } from './clip-file';

/** The clips that JSON files of a folder describe, in the order of their names. */
export async function readClipsFolder(
  folder: string,
): Promise<{ truth: ClipFile; read: () => Promise<Buffer> }[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new FramesiftError('bad-input', `There is no folder ${folder} to take clips from.`, { cause });
  });
  const clips = [];
  for (const name of names.filter((file) => file.endsWith('.json')).sort()) {
    const truth = parseClipFile(await readFile(join(folder, name), 'utf8'), join(folder, name));
    const read = (): Promise<Buffer> =>
      readFile(join(folder, truth.file)).catch((cause: unknown) => {
        const message = `${name} names ${truth.file}, which cannot be read in ${folder}.`;
        throw new FramesiftError('bad-input', message, { cause });
      });
    clips.push({ truth, read });
  }
  if (clips.length === 0) {
    throw new FramesiftError(
      'bad-input',
      `No JSON file in ${folder} describes a clip; scripts/eval/README.md says what they hold.`,
    );
  }
  return clips;
}

/** @throws FramesiftError `bad-input` that names the file and its fault */
export function parseClipFile(text: string, path: string): ClipFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new FramesiftError('bad-input', `${path} is no JSON.`, { cause });
  }
  const parsed = clipFileSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const place = issue?.path.join('.') ?? '';
  throw new FramesiftError(
    'bad-input',
    `${path}: ${place ? `${place}: ` : ''}${issue?.message ?? 'not valid'}`,
  );
}
