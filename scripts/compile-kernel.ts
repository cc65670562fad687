/**
 * Compiles lib/shared/dot-products.wat into dot-products.generated.ts beside it, as text, so that it arrives with the
 * script that uses it. `npm run kernel:generate` runs it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const source = path.join(root, 'lib/shared/dot-products.wat');
const target = path.join(root, 'lib/shared/dot-products.generated.ts');

/** The module's text; a unit test compares it with the committed file. */
export async function renderKernel(): Promise<string> {
  const compiler = await wabt();
  const parsed = compiler.parseWat(path.basename(source), readFileSync(source, 'utf8'), { simd: true });
  try {
    const bytes = Buffer.from(parsed.toBinary({}).buffer);
    return [
      '// Generated from dot-products.wat by scripts/compile-kernel.ts; run `npm run kernel:generate` to renew it.',
      '// prettier-ignore',
      `export const DOT_PRODUCTS_WASM = '${bytes.toString('base64')}';`,
      '',
    ].join('\n');
  } finally {
    parsed.destroy();
  }
}

if (process.argv[1] !== undefined && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(target, await renderKernel());
  console.log(`Wrote ${path.relative(root, target)}.`);
}
