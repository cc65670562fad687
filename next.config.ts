import type { NextConfig } from 'next';

/**
 * Cross-origin isolation gives the page SharedArrayBuffer, and with it WebAssembly threads. Without
 * these headers everything still works on one thread (see lib/clip/execution-provider.ts).
 */
const isolationHeaders = [
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Embedder-Policy', value: 'require-corp' },
  { key: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
];

const config: NextConfig = {
  reactStrictMode: true,
  poweredByHeader: false,
  // Hosts compress at their edge. Doing it here took half a second a visit for the engine alone.
  compress: false,
  headers: () =>
    Promise.resolve([
      { source: '/:path*', headers: isolationHeaders },
      {
        // A model's folder name carries its version, so its files never change under one name.
        source: '/models/:path*',
        headers: [{ key: 'Cache-Control', value: 'public, max-age=3600, must-revalidate' }],
      },
    ]),
};

export default config;
