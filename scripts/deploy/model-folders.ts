import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Letters of the digest that stand in a path: 48 bits, far beyond any chance of two being alike. */
const DIGEST_LENGTH = 12;

/** A model that this site serves from `public/models/<id>/`. */
export interface ModelFolder {
  id: string;
  /** Changes with any of its files. */
  digest: string;
}

/** Paths of all files below a folder, sorted, with forward slashes. */
export function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

/** The models in a folder such as `public/models`, each with a digest of what it holds. */
export function readModelFolders(folder: string): ModelFolder[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ id: name, digest: digestOf(join(folder, name)) }));
}

function digestOf(folder: string): string {
  const hash = createHash('sha256');
  for (const path of listFiles(folder)) {
    const bytes = readFileSync(join(folder, path));
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex').slice(0, DIGEST_LENGTH);
}

/** Where a build serves a model's files: a path that is new whenever one of them is. */
export function versionedModelPath({ id, digest }: ModelFolder): string {
  return `/models/${id}/${digest}/`;
}
