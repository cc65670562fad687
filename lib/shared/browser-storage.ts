import { property } from './errors';

/**
 * What the browser keeps for this site, asked without the belief that it is there: WebKitGTK as it is shipped has no
 * `navigator.storage` on a secure page either, and private windows have its methods and refuse the calls.
 */
function storageManager(): Partial<StorageManager> {
  return (navigator as { storage?: Partial<StorageManager> }).storage ?? {};
}

export type PrivateFilesAnswer = 'there' | 'refused' | 'absent';

/** The origin's private files (OPFS), or why there are none: the browser has no such thing, or refuses it here. */
export async function askForPrivateFiles(): Promise<
  { answer: 'there'; root: FileSystemDirectoryHandle } | { answer: 'refused' | 'absent'; root: null }
> {
  const storage = storageManager();
  if (!storage.getDirectory) return { answer: 'absent', root: null };
  try {
    return { answer: 'there', root: await storage.getDirectory() };
  } catch (error) {
    if (REFUSALS.has(String(property(error, 'name')))) return { answer: 'refused', root: null };
    throw error;
  }
}

const REFUSALS = new Set(['SecurityError', 'NotAllowedError', 'UnknownError']);

/** Bytes used and allowed; empty where the browser does not say. */
export async function estimateStorage(): Promise<StorageEstimate> {
  return (await storageManager().estimate?.()) ?? {};
}

/** Whether the browser has promised not to clear this site's data by itself. */
export async function isStorageKept(): Promise<boolean> {
  return (await storageManager().persisted?.()) ?? false;
}

/** Asks the browser not to clear this site's data by itself, unless it has promised so; it may refuse. */
export function askToKeepStorage(): void {
  const ask = async () => {
    if (!(await isStorageKept())) await storageManager().persist?.();
  };
  void ask().catch(() => undefined);
}
