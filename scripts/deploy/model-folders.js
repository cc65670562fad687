import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Letters of the digest that stand in a path: 48 bits, far beyond any chance of two being alike. */
const DIGEST_LENGTH = 12;

/**
 * A model that this site serves from `public/models/<id>/`.
 *
 * @typedef {object} ModelFolder
 * @property {string} id
 * @property {string} digest changes with any of its files
 */

/**
 * Paths of all files below a folder, sorted, with forward slashes.
 *
 * @param {string} folder
 * @returns {string[]}
 */
export function listFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll('\\', '/'),
    )
    .sort();
}

/**
 * The models in a folder such as `public/models`, each with a digest of what it holds.
 *
 * @param {string} folder
 * @returns {ModelFolder[]}
 */
export function readModelFolders(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ id: name, digest: digestOf(join(folder, name)) }));
}

/**
 * @param {string} folder
 * @returns {string}
 */
function digestOf(folder) {
  const hash = createHash('sha256');
  for (const path of listFiles(folder)) {
    const bytes = readFileSync(join(folder, path));
    hash.update(`${path}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest('hex').slice(0, DIGEST_LENGTH);
}

/**
 * Where a build serves a model's files: a path that is new whenever one of them is.
 *
 * @param {ModelFolder} model
 * @returns {string}
 */
export function versionedModelPath({ id, digest }) {
  return `/models/${id}/${digest}/`;
}
