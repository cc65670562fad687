import type { ModelManifest } from '@/lib/ports/models';
import { isRecord } from '@/lib/shared/guards';
import type { StoredFile } from '@/lib/shared/file-facts';
import { isSafePath } from '@/lib/files/file-tree';

/** The parsed text of a manifest, or null when it is none. */
export function readManifest(json: string): ModelManifest | null {
  try {
    const manifest: unknown = JSON.parse(json);
    return isManifest(manifest) ? manifest : null;
  } catch {
    return null;
  }
}

function isManifest(value: unknown): value is ModelManifest {
  return (
    isRecord(value) &&
    value.format === 1 &&
    typeof value.id === 'string' &&
    typeof value.name === 'string' &&
    (value.origin === undefined || typeof value.origin === 'string') &&
    isRecord(value.files) &&
    Object.entries(value.files).every(([path, file]) => isSafePath(path) && isStoredFile(file))
  );
}

const SHA256 = /^[0-9a-f]{64}$/;

function isStoredFile(value: unknown): value is StoredFile {
  return (
    isRecord(value) &&
    Number.isSafeInteger(value.bytes) &&
    (value.bytes as number) >= 0 &&
    typeof value.sha256 === 'string' &&
    SHA256.test(value.sha256) &&
    (value.checked === 'sha256' || value.checked === 'length') &&
    typeof value.from === 'string'
  );
}
