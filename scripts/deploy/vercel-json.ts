/* `npm run vercel-json`: writes vercel.json, which Vercel reads before any build and so cannot be made by one. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { siteHeaders, vercelHeaders } from './site-headers';

/** What vercel.json says: a static export, with the headers of every other host. */
export function vercelConfig() {
  return {
    $schema: 'https://openapi.vercel.sh/vercel.json',
    // As a Next app it would be built without this project's own steps.
    framework: null,
    buildCommand: 'npm run build -- --static',
    outputDirectory: 'out',
    headers: vercelHeaders(siteHeaders(['/models/'])),
  };
}

const path = join(import.meta.dirname, '../../vercel.json');
if (process.argv[1]?.endsWith('vercel-json.ts')) {
  writeFileSync(path, `${JSON.stringify(vercelConfig(), null, 2)}\n`);
}
