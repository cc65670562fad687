import { createHash } from 'node:crypto';
import type { OfflineFiles, OfflineGroup } from '@/lib/shared/offline-protocol';

/** A file as a host serves it. */
export interface ServedFile {
  /** Its path on the site, e.g. `/_next/static/chunks/a.js`; `/` for the page. */
  url: string;
  bytes: Uint8Array;
}

/** Served, but of no use to the page: sources that the bundler copies, and words for people. */
const NOT_NEEDED = /\.(?:map|ts|md|txt)$/;
/** The page, what makes it installable, and the words of the sample. */
const SHELL = /^\/(?:$|manifest\.webmanifest$|[^/]*icon[^/]*\.(?:svg|png|ico)$|icons\/|sample\/.*\.json$)/;
/** Code and engines: their names carry a hash of what they hold. */
const HASHED = '/_next/static/';
const WEBGPU_ENGINE = /^\/_next\/static\/media\/.*\.jspi\..*\.wasm$/;
const SAMPLE_CLIP = /^\/sample\/.*\.webm$/;

/**
 * Which files of a site the service worker stores, and when.
 *
 * @param modelPath where the files of the model that everybody gets begin; it changes with them
 */
export function chooseOfflineFiles(files: readonly ServedFile[], modelPath: string): OfflineFiles {
  const chosen: OfflineFiles = { always: [], onUse: [] };
  const add = (file: ServedFile, group: OfflineGroup | null) => {
    const isNamedByContent = file.url.startsWith(HASHED) || file.url.startsWith(modelPath);
    const entry = { url: file.url, revision: isNamedByContent ? null : revisionOf(file.bytes) };
    if (group) chosen.onUse.push({ ...entry, group });
    else chosen.always.push(entry);
  };
  for (const file of [...files].sort((a, b) => (a.url < b.url ? -1 : 1))) {
    const { url } = file;
    if (NOT_NEEDED.test(url)) continue;
    if (WEBGPU_ENGINE.test(url)) add(file, 'webgpu');
    else if (SAMPLE_CLIP.test(url)) add(file, 'sample');
    else if (url.startsWith(HASHED) || SHELL.test(url) || url.startsWith(modelPath)) add(file, null);
  }
  return chosen;
}

function revisionOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}
