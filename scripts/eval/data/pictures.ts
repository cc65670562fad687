import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { unzipSync } from 'fflate';
import { FramesiftError } from '@/lib/shared/errors';
import { UNCLEAR_PICTURES } from './unclear-pictures';

/** A line of captions.jsonl.gz, as far as it is read here. */
export interface CaptionRow {
  shard: string;
  file: string;
  source: string;
  split: string;
  w: number;
  h: number;
  /** `squashed`: the source stored a picture of unknown shape as a square. */
  aspect?: string;
  captions: string[];
  label?: string | null;
}

/** A picture that the bundled model has not seen in training, and what is said of it. */
export interface Picture {
  /** `shard/file`. */
  id: string;
  source: string;
  label: string | null;
  captions: string[];
  /** All that is said of it and of its class, lower case, one line each. */
  text: string;
  /** Width by height, as it was before its source squashed it. */
  aspect: number;
}

export type Split = 'train' | 'dev' | 'held';

/** What squashed pictures are taken to have been: the commonest shape of a photograph. */
const SQUASHED_ASPECT = 4 / 3;

/** A caption that at least so many of a class's pictures have is said of the class: rarer ones name what one picture shows besides. */
const CLASS_SHARE = 0.04;

/**
 * Which pictures the bundled model was trained on: the rule of `split_rows` in training/data.py. Kept out are
 * flickr8k's `dev` pictures, and of every labelled class with ten pictures or more the tenth whose
 * sha1("framesift:" + shard + "/" + file) is lowest.
 */
export function splitRows(rows: readonly CaptionRow[]): Split[] {
  const splits = rows.map((row): Split => (row.split === 'dev' ? 'dev' : 'train'));
  const classes = new Map<string, { key: string; index: number }[]>();
  for (const [index, { source, label, shard, file }] of rows.entries()) {
    if (!label) continue;
    const name = `${source}\n${label}`;
    const members = classes.get(name) ?? [];
    classes.set(name, members);
    members.push({ key: createHash('sha1').update(`framesift:${shard}/${file}`).digest('hex'), index });
  }
  for (const members of classes.values()) {
    members.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.index - b.index));
    for (const { index } of members.slice(0, Math.floor(members.length / 10))) splits[index] = 'held';
  }
  return splits;
}

/** What is said of most pictures of each class, by `source\nlabel`. */
function classCaptions(rows: readonly CaptionRow[]): Map<string, string[]> {
  const counts = new Map<string, { pictures: number; captions: Map<string, number> }>();
  for (const { source, label, captions } of rows) {
    if (!label) continue;
    const name = `${source}\n${label}`;
    const count = counts.get(name) ?? { pictures: 0, captions: new Map<string, number>() };
    counts.set(name, count);
    count.pictures += 1;
    for (const caption of new Set(captions)) {
      count.captions.set(caption, (count.captions.get(caption) ?? 0) + 1);
    }
  }
  return new Map(
    [...counts].map(([name, { pictures, captions }]) => [
      name,
      [...captions].filter(([, count]) => count >= CLASS_SHARE * pictures).map(([caption]) => caption),
    ]),
  );
}

/** The pictures of `folder` that the bundled model was not trained on and that show what they say, in file order. */
export async function readPictures(folder: string): Promise<Picture[]> {
  const rows = gunzipSync(await readData(folder, 'captions.jsonl.gz'))
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CaptionRow);
  const splits = splitRows(rows);
  const common = classCaptions(rows);
  return rows.flatMap((row, index) => {
    const { shard, file, source, captions, w, h } = row;
    if (splits[index] === 'train' || UNCLEAR_PICTURES[shard]?.includes(file)) return [];
    const label = row.label ?? null;
    const ofClass = label === null ? [] : (common.get(`${source}\n${label}`) ?? []);
    const name = label?.replaceAll(/[/_]/g, ' ') ?? '';
    // Besides the colour these captions say "a car", which another colour's question would take for its own.
    const said = source === 'car-color' ? [name] : [...captions, ...ofClass, name];
    const text = [...new Set(said)].join('\n').toLowerCase();
    const aspect = row.aspect === 'squashed' ? SQUASHED_ASPECT : w / h;
    return [{ id: `${shard}/${file}`, source, label, captions, text, aspect }];
  });
}

/** The JPEG files of pictures, by id. */
export async function readJpegs(folder: string, ids: Iterable<string>): Promise<Map<string, Uint8Array>> {
  const wanted = new Map<string, Set<string>>();
  for (const id of ids) {
    const [shard, ...path] = id.split('/') as [string, ...string[]];
    const files = wanted.get(shard) ?? new Set();
    wanted.set(shard, files.add(path.join('/')));
  }
  const jpegs = new Map<string, Uint8Array>();
  for (const [shard, files] of wanted) {
    const entries = unzipSync(await readData(folder, shard), { filter: ({ name }) => files.has(name) });
    for (const name of files) {
      const bytes = entries[name];
      if (!bytes) throw new FramesiftError('bad-input', `${join(folder, shard)} has no file ${name}.`);
      jpegs.set(`${shard}/${name}`, bytes);
    }
  }
  return jpegs;
}

async function readData(folder: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(folder, name));
  } catch (cause) {
    throw new FramesiftError(
      'bad-input',
      `The captioned pictures are not in ${folder} (no ${name}). They cannot be part of this repository; ` +
        'point at a folder that has captions.jsonl.gz and its zips with --data FOLDER, or evaluate clips of your own with --clips FOLDER.',
      { cause },
    );
  }
}
