/**
 * Compiles the WebAssembly text of lib into TypeScript beside it, as base64, so that a kernel arrives with the
 * script that uses it. `npm run kernel:generate` runs it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Files without their ending, and the constant that each becomes. */
export const KERNELS = {
  'lib/shared/dot-products': 'DOT_PRODUCTS_WASM',
  'lib/pixels/pixel-kernel': 'PIXEL_KERNEL_WASM',
} as const;

/** The generated module's text; unit tests compare it with the committed file. */
export async function renderKernel(name: keyof typeof KERNELS): Promise<string> {
  const compiler = await wabt();
  const source = `${path.basename(name)}.wat`;
  const text = readFileSync(path.join(root, `${name}.wat`), 'utf8');
  const parsed = compiler.parseWat(source, text, { simd: true });
  try {
    parsed.validate();
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

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  for (const name of Object.keys(KERNELS) as (keyof typeof KERNELS)[]) {
    writeFileSync(path.join(root, `${name}.generated.ts`), await renderKernel(name));
    console.log(`Wrote ${name}.generated.ts.`);
  }
}
