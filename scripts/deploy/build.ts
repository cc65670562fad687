/*
 * `npm run build` builds for a host that runs Next, `npm run build -- --static` makes `out/`, a folder of files
 * for any host. Both are `next build` and then the same steps: inline scripts move into files, models get a
 * path that changes with them, and the service worker is made from the list of what there is.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { formatBytes } from '@/lib/shared/format';
import {
  findBuiltSite,
  LARGEST_FILE_BYTES,
  readServedFiles,
  type BuildTarget,
  type BuiltSite,
} from './built-site';
import { addPolicyElement, findInlineScripts, findInlineStyles, moveInlineScripts } from './inline-scripts';
import { readModelFolders, versionedModelPath, type ModelFolder } from './model-folders';
import { chooseOfflineFiles, type ServedFile } from './offline-files';
import { bundleServiceWorker } from './service-worker';
import { contentSecurityPolicy, headersFile, siteHeaders } from './site-headers';

const root = join(import.meta.dirname, '../..');

/** Where the scripts that were inline are served. */
const MOVED_SCRIPTS = 'moved';

/** What Next's server shows when it fails itself, which it cannot here. It is read as well without its styles. */
const NEXT_ERROR_PAGE = /(?:_global-error|500)\.html$/;

function readTarget(args: readonly string[]): BuildTarget {
  const unknown = args.filter((argument) => argument !== '--static');
  if (unknown.length > 0) {
    console.error(`Unknown: ${unknown.join(' ')}. Usage: npm run build [-- --static]`);
    process.exit(1);
  }
  return args.includes('--static') ? 'static' : 'server';
}

function runNextBuild(target: BuildTarget): void {
  const { status } = spawnSync(process.execPath, [join(root, 'node_modules/next/dist/bin/next'), 'build'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', FRAMESIFT_BUILD: target },
  });
  if (status !== 0) process.exit(status ?? 1);
}

function finishPages({ target, htmlFiles, staticFolder }: BuiltSite): void {
  mkdirSync(join(staticFolder, MOVED_SCRIPTS), { recursive: true });
  for (const path of htmlFiles) {
    const { html, scripts } = moveInlineScripts(
      readFileSync(path, 'utf8'),
      `/_next/static/${MOVED_SCRIPTS}/`,
    );
    const problems = [
      ...findInlineScripts(html),
      ...(NEXT_ERROR_PAGE.test(path) ? [] : findInlineStyles(html)),
    ];
    if (problems.length > 0) {
      throw new Error(
        `${path} holds ${problems.join(' and ')}, which the site's policy refuses (docs/decisions/009-content-security-policy.md).`,
      );
    }
    for (const { name, code } of scripts) writeFileSync(join(staticFolder, MOVED_SCRIPTS, name), code);
    writeFileSync(path, target === 'static' ? addPolicyElement(html, contentSecurityPolicy('meta')) : html);
  }
}

/** A folder of files has no rewrites: the files lie where they are served. */
function moveModels(models: readonly ModelFolder[]): void {
  for (const model of models) {
    const folder = join(root, 'out/models', model.id);
    const aside = `${folder}.moving`;
    renameSync(folder, aside);
    mkdirSync(folder);
    renameSync(aside, join(root, 'out', versionedModelPath(model)));
  }
}

/** Files as a Next host serves them: models where the rewrites of next.config.js put them. */
function atVersionedPaths(files: readonly ServedFile[], models: readonly ModelFolder[]): ServedFile[] {
  return files.map((file) => {
    const model = models.find(({ id }) => file.url.startsWith(`/models/${id}/`));
    if (!model) return file;
    return { ...file, url: versionedModelPath(model) + file.url.slice(`/models/${model.id}/`.length) };
  });
}

function warnOfLargeFiles(files: readonly ServedFile[]): void {
  for (const { url, bytes } of files) {
    if (bytes.length > LARGEST_FILE_BYTES)
      console.warn(`${url} has ${formatBytes(bytes.length)}: some hosts refuse files over 25 MiB.`);
  }
}

const target = readTarget(process.argv.slice(2));
runNextBuild(target);

const models = readModelFolders(join(root, 'public/models'));
const bundled = models.find(({ id }) => id === BUNDLED_MODEL_ID);
if (!bundled) throw new Error(`public/models/${BUNDLED_MODEL_ID} is not there.`);
const site = findBuiltSite(root, target);
finishPages(site);
if (target === 'static') {
  moveModels(models);
  writeFileSync(join(root, 'out/_headers'), headersFile(siteHeaders(['/models/'])));
}
const served = readServedFiles(root, target);
const files = target === 'static' ? served : atVersionedPaths(served, models);
const offline = chooseOfflineFiles(files, versionedModelPath(bundled));
writeFileSync(join(site.topFolder, 'sw.js'), await bundleServiceWorker(root, offline));
warnOfLargeFiles(files);
// Last, so that it is there only when everything is: scripts/prepare.mjs looks for it.
writeFileSync(join(root, '.next/framesift-build.json'), JSON.stringify({ target }));

const sizes = new Map(files.map(({ url, bytes }) => [url, bytes.length]));
const totalOf = (list: readonly { url: string }[]) =>
  formatBytes(list.reduce((sum, { url }) => sum + (sizes.get(url) ?? 0), 0));
console.log(
  `Offline: ${offline.always.length} files, ${totalOf(offline.always)}; on use ${offline.onUse.length} more, ${totalOf(offline.onUse)}.`,
);
console.log(
  target === 'static'
    ? 'Built out/, a folder of files for any host.'
    : 'Built for a Next host: `npm start` serves it.',
);
