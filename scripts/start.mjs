// `npm start`: installs what is missing, builds, serves, prints the address.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { build, installPackages, root } from './prepare.mjs';

const DEFAULT_PORT = 3000;

function isFree(port) {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, () => probe.close(() => resolve(true)));
  });
}

async function choosePort() {
  if (process.env.PORT) return Number(process.env.PORT);
  let port = DEFAULT_PORT;
  while (!(await isFree(port))) port += 1;
  return port;
}

installPackages();
build();
const port = await choosePort();
const server = spawn(
  process.execPath,
  [join(root, 'node_modules/next/dist/bin/next'), 'start', '-p', String(port)],
  {
    cwd: root,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);
server.stdout.on('data', (chunk) => {
  if (String(chunk).includes('Ready'))
    console.log(`\nFramesift is at http://localhost:${port}  (Ctrl+C stops it)\n`);
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill(signal));
server.on('exit', (code) => process.exit(code ?? 0));
