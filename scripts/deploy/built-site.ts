import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles } from './model-folders';
import type { ServedFile } from './offline-files';

/** The two builds: for a host that runs Next, and a folder of files for any host. */
export type BuildTarget = 'server' | 'static';

/** Some edge hosts refuse larger files. */
export const LARGEST_FILE_BYTES = 25 * 1024 * 1024;

/** Where a build keeps its files. */
export interface BuiltSite {
  target: BuildTarget;
  /** Pages, which are changed after the build. */
  htmlFiles: string[];
  /** What is served at `/_next/static/`. */
  staticFolder: string;
  /** Where a file must lie to be served at the top of the site. */
  topFolder: string;
}

/** The pages and folders of a build that has just been made. */
export function findBuiltSite(root: string, target: BuildTarget): BuiltSite {
  const pagesFolder = join(root, target === 'static' ? 'out' : '.next/server');
  return {
    target,
    htmlFiles: listFiles(pagesFolder)
      .filter((path) => path.endsWith('.html'))
      .map((path) => join(pagesFolder, path)),
    staticFolder: join(root, target === 'static' ? 'out/_next/static' : '.next/static'),
    topFolder: join(root, target === 'static' ? 'out' : 'public'),
  };
}

/** Every file of a build by the address it is served at. */
export function readServedFiles(root: string, target: BuildTarget): ServedFile[] {
  if (target === 'static') {
    return read(join(root, 'out'), '/').filter(({ url }) => url !== '/_headers');
  }
  const page = { url: '/', bytes: readFileSync(join(root, '.next/server/app/index.html')) };
  return [
    page,
    ...read(join(root, '.next/static'), '/_next/static/'),
    // Icons and the manifest, which Next makes from files of app/.
    ...read(join(root, '.next/server/app'), '/')
      .filter(({ url }) => url.endsWith('.body'))
      .map(({ url, bytes }) => ({ url: url.slice(0, -'.body'.length), bytes })),
    ...read(join(root, 'public'), '/'),
  ];
}

function read(folder: string, baseUrl: string): ServedFile[] {
  if (!existsSync(folder)) return [];
  return listFiles(folder).map((path) => ({
    url: path === 'index.html' ? baseUrl : baseUrl + path,
    bytes: readFileSync(join(folder, path)),
  }));
}
