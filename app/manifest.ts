import type { MetadataRoute } from 'next';

export const dynamic = 'force-static';

/** What a browser needs to install the page as an app. */
export default function manifest(): MetadataRoute.Manifest {
  return {
    id: '/',
    name: 'Framesift',
    short_name: 'Framesift',
    description: 'Ask a video clip a question and get the frames that answer it, on this computer alone.',
    start_url: '/',
    scope: '/',
    display: 'standalone',
    background_color: '#f6f7f5',
    theme_color: '#0f6b4f',
    categories: ['photo', 'productivity', 'utilities'],
    icons: [
      { src: '/icon.svg', sizes: 'any', type: 'image/svg+xml' },
      { src: '/icons/icon-192.png', sizes: '192x192', type: 'image/png' },
      { src: '/icons/icon-512.png', sizes: '512x512', type: 'image/png' },
      { src: '/icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
    ],
  };
}
