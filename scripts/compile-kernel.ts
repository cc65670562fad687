/**
 * Compiles the WebAssembly text of lib into TypeScript beside it, as base64, so that a kernel arrives with the
 * script that uses it, and bundles the thread of the library server's search likewise. `npm run kernel:generate` runs it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import wabt from 'wabt';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Files without their ending, and the constant that each becomes. */
export const KERNELS = {
  'lib/shared/dot-products': 'DOT_PRODUCTS_WASM',
  'lib/pixels/pixel-kernel': 'PIXEL_KERNEL_WASM',
  'lib/server/search/scan-kernel': 'SCAN_KERNEL_WASM',
} as const;

/** What is used of WebAssembly beyond what wabt takes by itself. */
const FEATURES = { simd: true, threads: true };

/** The script that a thread of the search on a server begins with, without its ending. */
const THREAD = 'lib/server/search/scan-thread';

/** The generated module's text; unit tests compare it with the committed file. */
export async function renderKernel(name: keyof typeof KERNELS): Promise<string> {
  const compiler = await wabt();
  const source = `${path.basename(name)}.wat`;
  const text = readFileSync(path.join(root, `${name}.wat`), 'utf8');
  const parsed = compiler.parseWat(source, text, FEATURES);
  try {
    // wabt 1.0.39 validates with its own defaults unless it is told, which its types do not know.
    (parsed.validate as (features: typeof FEATURES) => void).call(parsed, FEATURES);
    const bytes = Buffer.from(parsed.toBinary({}).buffer);
    return [
      `// Generated from ${source} by scripts/compile-kernel.ts; run \`npm run kernel:generate\` to renew it.`,
      '// prettier-ignore',
      `export const ${KERNELS[name]} = '${bytes.toString('base64')}';`,
      '',
    ].join('\n');
  } finally {
    parsed.destroy();
  }
}

/** The generated module's text of the thread; a unit test compares it with the committed file. */
export async function renderThread(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(root, `${THREAD}.ts`)],
    absWorkingDir: root,
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
    legalComments: 'none',
    alias: { '@': root },
  });
  return [
    `// Generated from ${path.basename(THREAD)}.ts by scripts/compile-kernel.ts; run \`npm run kernel:generate\` to renew it.`,
    '// prettier-ignore',
    `export const SCAN_THREAD = ${JSON.stringify(outputFiles[0]!.text)};`,
    '',
  ].join('\n');
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  for (const name of Object.keys(KERNELS) as (keyof typeof KERNELS)[]) {
    writeFileSync(path.join(root, `${name}.generated.ts`), await renderKernel(name));
    console.log(`Wrote ${name}.generated.ts.`);
  }
  writeFileSync(path.join(root, `${THREAD}.generated.ts`), await renderThread());
  console.log(`Wrote ${THREAD}.generated.ts.`);
}
