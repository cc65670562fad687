import { PHASE_PRODUCTION_BUILD } from 'next/constants.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { listFiles } from '@/scripts/deploy/model-folders';

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

async function extensionsOf(target: string): Promise<string[]> {
  vi.stubEnv('FRAMESIFT_BUILD', target);
  const { default: config } = await import('@/next.config.js');
  // Next's own where none are named.
  return config(PHASE_PRODUCTION_BUILD).pageExtensions ?? ['tsx', 'ts', 'jsx', 'js'];
}

/** Whether Next sees a route in a file of `app/`. */
const isRoute = (path: string, extensions: readonly string[]) =>
  extensions.some((extension) =>
    new RegExp(`(?:^|/)(?:route|page)\\.${extension.replace('.', '\\.')}$`).test(path),
  );

describe('the library server’s route', () => {
  const files = listFiles('app').filter((path) => path.startsWith('library/'));

  it('is in the build for a Next host', async () => {
    const extensions = await extensionsOf('server');
    expect(files.filter((path) => isRoute(path, extensions))).toEqual([
      'library/v1/[[...route]]/route.server.ts',
    ]);
  });

  it('is not in a folder of files', async () => {
    const extensions = await extensionsOf('static');
    expect(files.filter((path) => isRoute(path, extensions))).toEqual([]);
  });
});
