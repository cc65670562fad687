import { askForPrivateFiles, estimateStorage, type PrivateFilesAnswer } from './browser-storage';
import { hasLocks } from './locks';

/** What of a browser this page stands on, as it was found by trying. */
export interface Platform {
  /** Over https or from this computer. */
  isSecure: boolean;
  /** Threads may share memory: the page is cross-origin isolated. */
  sharesMemory: boolean;
  hasWorkers: boolean;
  /** Locks between tabs. */
  hasLocks: boolean;
  privateFiles: PrivateFilesAnswer;
  hasIndexedDb: boolean;
  /** Null where the browser does not say. */
  quotaBytes: number | null;
}

/** A part that is missing, with what that means and the best that is left. */
export interface MissingPart {
  part: 'secure page' | 'workers' | 'shared memory' | 'locks' | 'private files' | 'IndexedDB';
  sentence: string;
}

/** The parts that are missing, those that matter most first. */
export function missingParts(platform: Platform): MissingPart[] {
  const { privateFiles, hasIndexedDb } = platform;
  const missing: MissingPart[] = [];
  if (!platform.isSecure) {
    missing.push({
      part: 'secure page',
      sentence:
        'This page came over plain http from another computer, and browsers decode clips and keep a library only for pages that come over https or from the computer that they run on.',
    });
  }
  if (!platform.hasWorkers) {
    missing.push({
      part: 'workers',
      sentence:
        'This browser runs no workers for this site, and Framesift does all of its work in them. Allow them for this site, or open it in another browser.',
    });
  }
  if (!platform.sharesMemory) {
    missing.push({
      part: 'shared memory',
      sentence:
        'Threads may not share memory on this page (it is not cross-origin isolated), so that the model runs on one thread and reads clips more slowly. Whoever serves the page can send the two headers for it.',
    });
  }
  if (!platform.hasLocks) {
    missing.push({
      part: 'locks',
      sentence:
        'This browser gives this site no locks between tabs, without which two tabs would spoil one library. The library is kept in memory and goes when this page is closed.',
    });
  }
  if (privateFiles !== 'there') {
    const why =
      privateFiles === 'refused'
        ? 'This browser refuses this site private files (OPFS), as private windows do.'
        : 'This browser has no private files for sites (OPFS).';
    // Without locks the library is in memory, whatever else there is.
    const left = !platform.hasLocks
      ? ''
      : hasIndexedDb
        ? ' The library is kept in IndexedDB, which takes longer to open.'
        : ' The library is kept in memory and goes when this page is closed.';
    missing.push({ part: 'private files', sentence: why + left });
  }
  if (!hasIndexedDb) {
    missing.push({
      part: 'IndexedDB',
      sentence: `This browser gives this site no IndexedDB, as with site data blocked.${privateFiles === 'there' ? ' The library is kept in private files, which need none.' : ''}`,
    });
  }
  return missing;
}

/** So little room is given by private windows alone. */
const TINY_QUOTA_BYTES = 200_000_000;

/** Whether this looks like a private window, which forgets everything when it is closed. */
export function isPrivateWindow({ privateFiles, quotaBytes }: Platform): boolean {
  return privateFiles === 'refused' || (quotaBytes !== null && quotaBytes < TINY_QUOTA_BYTES);
}

/** Tries every part, in the page. */
export async function lookAtPlatform(): Promise<Platform> {
  const [files, locks, indexedDb, { quota }] = await Promise.all([
    askForPrivateFiles(),
    hasLocks(),
    mayUseIndexedDb(),
    estimateStorage(),
  ]);
  return {
    isSecure: globalThis.isSecureContext,
    sharesMemory: globalThis.crossOriginIsolated,
    hasWorkers: 'Worker' in globalThis,
    hasLocks: locks,
    privateFiles: files.answer,
    hasIndexedDb: indexedDb,
    quotaBytes: quota ?? null,
  };
}

/** Whether IndexedDB is there and not refused. A full disk or a busy one is no refusal: opening the library tells of it. */
export function mayUseIndexedDb(): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open('framesift-probe');
      request.onsuccess = () => {
        request.result.close();
        indexedDB.deleteDatabase('framesift-probe');
        resolve(true);
      };
      request.onerror = () =>
        resolve(!['SecurityError', 'InvalidStateError'].includes(request.error?.name ?? ''));
    } catch {
      resolve(false);
    }
  });
}
