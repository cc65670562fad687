/**
 * Who may import whom (docs/decisions/001-layers.md). The default is forbidden: a new folder may import nothing until it
 * is named here.
 */

const PLAIN = ['ports', 'shared'];

/**
 * Folders of lib/, and the other folders of lib/ that each may import. Rooms whose class lives in a worker import `rpc`: a
 * port that they are handed is theirs to call. Other exceptions have their reason beside them.
 */
const rooms = {
  shared: [],
  // Types alone: names of strategies and verdicts, what is said to a library server.
  ports: ['protocol', 'select', 'shared', 'sync'],
  query: ['shared'],
  select: ['shared'],
  pixels: ['shared'],
  rpc: ['shared'],
  files: ['shared'],
  media: ['pixels', 'rpc', ...PLAIN],
  models: ['files', 'rpc', ...PLAIN],
  // What a model's files say is read in one place; models knows nothing of what runs them.
  encoder: ['models', 'pixels', 'rpc', ...PLAIN],
  // Of sync what a change of a clip is; never what speaks to a server.
  library: ['files', 'protocol', 'rpc', 'sync', ...PLAIN],
  search: ['files', 'query', 'rpc', 'select', ...PLAIN],
  // Of media what runs on the page: the player as a decoder, thumbnails of canvases, which moments are taken.
  ingest: ['media', 'rpc', ...PLAIN],
  ask: ['query', ...PLAIN],
  exchange: ['media', ...PLAIN],
  // What a page and a library server say to each other, and the two sides of it.
  protocol: ['shared'],
  sync: ['protocol', 'rpc', ...PLAIN],
  server: ['protocol', 'shared'],
  core: [
    'ask',
    'encoder',
    'exchange',
    'files',
    'ingest',
    'library',
    'media',
    'models',
    'query',
    'rpc',
    'search',
    'select',
    'sync',
    ...PLAIN,
  ],
};

/** Packages of which each has one home. */
const homes = {
  comlink: 'lib/rpc',
  mediabunny: 'lib/media',
  'onnxruntime-web': 'lib/encoder',
  '@electric-sql': 'lib/library',
  'drizzle-orm': 'lib/library',
  hono: 'lib/server',
  pg: 'lib/server',
  'pg-connection-string': 'lib/server',
  'pg-copy-streams': 'lib/server',
  react: 'app',
  'react-dom': 'app',
};

/** What a worker may import. */
const WORKER_ROOMS = '^lib/(?!server/|core/)';

/**
 * What the page may import: the core, the three uses and what they show, and of the rooms behind workers what a person sees or
 * chooses from: the player, the list of models, invitations and how syncing goes.
 */
const SHOWN_ROOMS = '^lib/(?:core|ask|exchange|ingest|media|models|ports|protocol|query|select|shared|sync)/';

const EVERYWHERE = '^(?:lib|app|workers|service-worker)/';

export default {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Modules that need each other are one module, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    ...Object.entries(homes).map(([name, home]) => ({
      name: `${name}-has-one-home`,
      comment: `${name} is known to ${home} alone, but as a type.`,
      severity: 'error',
      from: { path: EVERYWHERE, pathNot: `^${home}/` },
      to: { path: `^node_modules/${name}/`, dependencyTypesNot: ['type-only'] },
    })),
  ],
  allowed: [
    ...Object.entries(rooms).map(([room, others]) => ({
      from: { path: `^lib/${room}/` },
      to: { path: `^lib/(?:${[room, ...others].join('|')})/` },
    })),
    { from: { path: '^workers/' }, to: { path: `^workers/|${WORKER_ROOMS}` } },
    // The core says which workers it wants made.
    { from: { path: '^workers/spawn' }, to: { path: '^lib/core/' } },
    { from: { path: '^app/' }, to: { path: `^app/|${SHOWN_ROOMS}|^workers/spawn` } },
    // A route of the build for a Next host; the page itself never sees the server's code.
    { from: { path: '^app/library/' }, to: { path: '^lib/server/' } },
    { from: { path: '^service-worker/' }, to: { path: '^service-worker/|^lib/shared/' } },
    { from: { path: EVERYWHERE }, to: { dependencyTypes: ['npm', 'npm-dev', 'core'] } },
    { from: { path: '^(?:lib|app)/' }, to: { path: '\\.(?:json|css)$|^public/|^package\\.json$' } },
  ],
  allowedSeverity: 'error',
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '\\.next/|^out/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'browser', 'types', 'default'],
    },
  },
};
