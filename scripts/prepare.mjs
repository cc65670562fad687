// What `npm start` and `npm test` need before anything is installed. Plain JavaScript on Node's own
// modules: TypeScript and every package are what this file installs.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const OLDEST_NODE = [20, 19];

export const root = join(import.meta.dirname, '..');

/** Runs a command in the project's folder with its output shown; ends this process when it fails. */
export function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', ...env },
    shell: process.platform === 'win32',
  });
  if (error) console.error(`${command} could not be started: ${error.message}`);
  if (status !== 0) process.exit(status ?? 1);
}

/** Runs a package's command-line program from node_modules. */
export function runTool(path, ...args) {
  run(process.execPath, [join(root, 'node_modules', path), ...args]);
}

/** The same beside other work: what it printed, and whether it was content. */
export function captureTool(path, ...args) {
  return new Promise((resolve) => {
    const tool = spawn(process.execPath, [join(root, 'node_modules', path), ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
    });
    const printed = [];
    for (const stream of [tool.stdout, tool.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => printed.push(text));
    }
    tool.on('error', (error) => printed.push(`${path} could not be started: ${error.message}\n`));
    tool.on('close', (code) => resolve({ output: printed.join(''), isFine: code === 0 }));
  });
}

/** Refuses a Node that is too old and installs the packages of the lock file if they are not there. */
export function installPackages() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
    console.error(`Node.js ${OLDEST_NODE.join('.')} or newer is needed; this is ${process.versions.node}.`);
    process.exit(1);
  }
  // npm leaves this file behind when an installation is complete.
  const installed = join(root, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && modifiedMs(installed) >= modifiedMs(join(root, 'package-lock.json'))) return;
  console.log('Installing packages…');
  run('npm', ['ci', '--no-fund', '--no-audit']);
}

const SOURCES = [
  'app',
  'lib',
  'workers',
  'drizzle',
  'public',
  'scripts/deploy',
  'service-worker',
  'next.config.js',
  'package-lock.json',
  'tsconfig.json',
];

/** Builds the app for a Next host unless its last build is one and newer than all of its sources. */
export function build() {
  // Written last by scripts/deploy/build.ts.
  const stamp = join(root, '.next', 'framesift-build.json');
  const isFresh =
    existsSync(stamp) &&
    JSON.parse(readFileSync(stamp, 'utf8')).target === 'server' &&
    SOURCES.every((source) => newestMs(join(root, source)) <= modifiedMs(stamp));
  if (isFresh) return;
  console.log('Building…');
  runTool('tsx/dist/cli.mjs', 'scripts/deploy/build.ts');
}

/** Builds the folder of files for any host, always. */
export function buildStatic() {
  console.log('Building the static export…');
  runTool('tsx/dist/cli.mjs', 'scripts/deploy/build.ts', '--static');
}

function modifiedMs(path) {
  return statSync(path).mtimeMs;
}

function newestMs(path) {
  if (!existsSync(path)) return 0;
  if (!statSync(path).isDirectory()) return modifiedMs(path);
  return Math.max(modifiedMs(path), ...readdirSync(path).map((name) => newestMs(join(path, name))));
}
