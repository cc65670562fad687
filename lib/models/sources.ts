import type { SourceSettings } from '@/lib/ports/models';
import { onThisSite, remote, type FileSource } from '@/lib/files/file-source';
import { FramesiftError } from '@/lib/shared/errors';
import type { CatalogEntry } from './catalog';

/** Where models are fetched from unless a mirror is set. */
export const HUB_BASE_URL = 'https://huggingface.co';

/**
 * The places to fetch a file of a catalogued model from, best first: this site where it serves the model,
 * then the mirror if one is set, else the Hub. A mirror replaces the Hub: whoever sets one may not reach
 * the Hub, or may not want to be seen there.
 */
export function sourcesOf(entry: CatalogEntry, path: string, settings: SourceSettings): FileSource[] {
  if (entry.origin.kind === 'bundled') return [onThisSite(`${entry.origin.baseUrl}/${path}`)];
  const { repository, revision } = entry.origin;
  const base = settings.mirrorBaseUrl ?? HUB_BASE_URL;
  const sources = [remote(`${base}/${repository}/resolve/${revision}/${path}`)];
  const hosted = settings.hosted.find(({ manifest }) => manifest.id === entry.id);
  if (hosted?.manifest.files[path]) sources.unshift(onThisSite(`${hosted.baseUrl}/${path}`));
  return sources;
}

/**
 * A base URL as a person typed it, without a slash at its end. A repository's page on the Hub becomes the
 * address of its files.
 *
 * @throws FramesiftError `bad-input` when it is no http(s) address
 */
export function parseBaseUrl(text: string): string {
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw badUrl(text);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw badUrl(text);
  url.search = '';
  url.hash = '';
  const repository = /^\/([\w.-]+)\/([\w.-]+)(?:\/(?:tree|blob|resolve)\/([\w.-]+))?\/?$/.exec(url.pathname);
  if (url.host === new URL(HUB_BASE_URL).host && repository) {
    url.pathname = `/${repository[1]}/${repository[2]}/resolve/${repository[3] ?? 'main'}`;
  }
  return url.href.replace(/\/+$/, '');
}

function badUrl(text: string): FramesiftError {
  return new FramesiftError(
    'bad-input',
    `“${text.trim()}” is not a web address. Write one that begins with https://, such as https://models.example.org/clip.`,
  );
}
