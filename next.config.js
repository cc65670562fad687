import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PHASE_DEVELOPMENT_SERVER } from 'next/constants.js';
import { readModelFolders, versionedModelPath } from './scripts/deploy/model-folders.js';
import { isolationHeaders, modelSources, nextHeaders, siteHeaders } from './scripts/deploy/site-headers.js';

/**
 * Which of the two builds this is. `npm run build` makes one for a Next host, `npm run build -- --static` a
 * plain folder of files; both go through scripts/deploy/build.ts, which sets this variable and finishes what
 * `next build` begins.
 */
const target = process.env.FRAMESIFT_BUILD;

/** Next's own. */
const PAGE_EXTENSIONS = ['tsx', 'ts', 'jsx', 'js'];

/**
 * The manifests of the models that `npm run models -- pull` has put into public/models. They are built into
 * the page, which then takes these models from its own site without having to ask what is there.
 *
 * @returns {string[]}
 */
function hostedManifests() {
  const folder = join(process.cwd(), 'public/models');
  return readdirSync(folder)
    .map((model) => join(folder, model, 'manifest.json'))
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'utf8'));
}

/**
 * @param {string} phase
 * @returns {import('next').NextConfig}
 */
export default function config(phase) {
  const isDevelopment = phase === PHASE_DEVELOPMENT_SERVER;
  const models = readModelFolders(join(process.cwd(), 'public/models'));
  /** @type {import('next').NextConfig} */
  const common = {
    reactStrictMode: true,
    poweredByHeader: false,
    // Hosts compress at their edge (docs/deploy.md). Doing it here took half a second a visit for the engine alone.
    compress: false,
    // Every commit has passed `npm test`, which checks all types; doing it again is half of a build.
    typescript: { ignoreBuildErrors: true },
    env: {
      FRAMESIFT_HOSTED_MODELS: JSON.stringify(hostedManifests()),
      FRAMESIFT_MODEL_SOURCES: JSON.stringify(modelSources()),
      FRAMESIFT_MODEL_DIGESTS: JSON.stringify(
        Object.fromEntries(models.map(({ id, digest }) => [id, digest])),
      ),
    },
  };
  // A folder of files has its headers in a file, and its models where the rewrites below would look.
  if (target === 'static') return { ...common, output: 'export' };

  return {
    ...common,
    // The library server's route, which a folder of files cannot have.
    pageExtensions: [...PAGE_EXTENSIONS, 'server.ts'],
    headers: () => {
      // Live reload needs eval and inline scripts, and nothing may be kept while it is worked on.
      if (isDevelopment) return Promise.resolve(nextHeaders([isolationHeaders]));
      if (target !== 'server') {
        // Its pages would have inline scripts, which the policy refuses.
        throw new Error('Use `npm run build`: `next build` alone makes pages that do not start.');
      }
      return Promise.resolve(nextHeaders(siteHeaders(models.map(versionedModelPath))));
    },
    rewrites: () =>
      Promise.resolve({
        // A service worker that a build left behind on this port would go on serving that build.
        beforeFiles: isDevelopment ? [{ source: '/sw.js', destination: '/remove-service-worker.js' }] : [],
        afterFiles: models.map((model) => ({
          source: `${versionedModelPath(model)}:path*`,
          destination: `/models/${model.id}/:path*`,
        })),
        fallback: [],
      }),
  };
}
