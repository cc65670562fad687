import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  contentSecurityPolicy,
  headersFile,
  modelSources,
  nextHeaders,
  siteHeaders,
} from '@/scripts/deploy/site-headers';
import { vercelConfig } from '@/scripts/deploy/vercel-json';

const rules = siteHeaders(['/models/']);

describe('the policy', () => {
  it('allows no code but the site’s own', () => {
    const policy = contentSecurityPolicy('header');
    expect(policy).toContain("default-src 'none';");
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
    const [connections, rest] = [
      /connect-src [^;]*;/.exec(policy)![0],
      policy.replace(/connect-src [^;]*;/, ''),
    ];
    expect(connections).toBe("connect-src 'self' https: http://localhost:* http://127.0.0.1:*;");
    expect(rest.replace("'wasm-unsafe-eval'", '')).not.toMatch(/unsafe|data:|https?:|\*/);
  });

  it('lets models come from fewer places where a deployment says so', () => {
    const sources = modelSources('https://models.example/clip, http://localhost:9000');
    expect(contentSecurityPolicy('header', sources)).toContain(
      "connect-src 'self' https://models.example http://localhost:9000;",
    );
    expect(contentSecurityPolicy('header', modelSources('none'))).toContain("connect-src 'self';");
    expect(() => modelSources('file:///models')).toThrow(/no address of a web server/);
  });

  it('says in a <meta> element only what one can say', () => {
    expect(contentSecurityPolicy('meta')).not.toContain('frame-ancestors');
    expect(contentSecurityPolicy('header')).toContain("frame-ancestors 'none'");
  });
});

describe('the rules', () => {
  it('never set a header twice for one path, which some hosts would join with a comma', () => {
    for (const path of ['/', '/sw.js', '/models/a/b/config.json', '/_next/static/chunks/a.js', '/icon.svg']) {
      const names = rules
        .filter(
          ({ where }) =>
            where === 'everything' || ('path' in where ? where.path === path : path.startsWith(where.prefix)),
        )
        .flatMap(({ headers }) => Object.keys(headers));
      expect(new Set(names).size, path).toBe(names.length);
    }
  });

  it('refuse every path what the page never asks for', () => {
    const everywhere = rules.filter(({ where }) => where === 'everything');
    const features = everywhere[0]?.headers['Permissions-Policy']?.split(', ') ?? [];
    expect(features).toContain('camera=()');
    expect(features).toContain('microphone=()');
    expect(features.every((feature) => /^[a-z-]+=\(\)$/.test(feature))).toBe(true);
    // Copying a message, and the player's own buttons.
    expect(features.join()).not.toMatch(/clipboard|fullscreen|picture-in-picture|cross-origin-isolated/);
  });

  it('read alike in a _headers file and in Next’s configuration', () => {
    const file = headersFile(rules);
    expect(file).toMatch(/^\/\*\n {2}Cross-Origin-Opener-Policy: same-origin\n/);
    expect(file).toContain('\n/_next/static/*\n  Cache-Control: public, max-age=31536000, immutable\n');
    expect(file).toContain('\n/models/*\n  Cache-Control: public, max-age=31536000, immutable\n');
    expect(nextHeaders(rules).map(({ source }) => source)).toEqual([
      '/((?!library/v1).*)',
      '/_next/static/:path*',
      '/models/:path*',
      '/',
      '/sw.js',
    ]);
    // Cloudflare reads no longer lines.
    expect(Math.max(...file.split('\n').map((line) => line.length))).toBeLessThan(2000);
  });
});

describe('vercel.json', () => {
  it('is what `npm run vercel-json` writes', () => {
    const file = readFileSync(join(import.meta.dirname, '../../../vercel.json'), 'utf8');
    expect(JSON.parse(file)).toEqual(vercelConfig());
  });
});
