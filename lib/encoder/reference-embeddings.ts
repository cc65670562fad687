import { z } from '@/lib/shared/zod';
import { readGolden, type Golden } from './golden';

/**
 * Where the embeddings lie that a model without stored ones was found to make on WASM, so that its self-test
 * on WebGPU need not run it on WASM at every start.
 */
export interface ReferenceStore {
  read(modelVersion: string): Promise<Golden | undefined>;
  save(modelVersion: string, golden: Golden): Promise<void>;
}

const CACHE_NAME = 'framesift-reference-vectors';

const addressOf = (modelVersion: string) => `/reference-vectors/${encodeURIComponent(modelVersion)}.json`;

/** In the site's own cache; without one (a private window, a full disk) every start makes them anew. */
export const cachedReferences: ReferenceStore = {
  read: async (modelVersion) => {
    try {
      const cache = await caches.open(CACHE_NAME);
      const response = await cache.match(addressOf(modelVersion));
      return response && readGolden(z.unknown().parse(await response.json()));
    } catch {
      return undefined;
    }
  },
  save: async (modelVersion, { imageEmbedding, text, textEmbedding }) => {
    const json = JSON.stringify({
      image_embedding: Array.from(imageEmbedding),
      text,
      text_embedding: Array.from(textEmbedding),
    });
    try {
      const cache = await caches.open(CACHE_NAME);
      const headers = { 'content-type': 'application/json' };
      await cache.put(addressOf(modelVersion), new Response(json, { headers }));
    } catch {
      // Made anew the next time.
    }
  },
};
