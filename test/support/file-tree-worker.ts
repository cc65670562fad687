import { CacheTree } from '@/lib/files/cache-tree';
import type { FileTree } from '@/lib/files/file-tree';
import { OpfsTree } from '@/lib/files/opfs-tree';
import { FILE_TREE_CASES } from './file-tree-cases';

/*
 * A worker that runs the cases of every file tree over what this browser really has, and answers with what failed. Bundled
 * by file-places.spec.ts.
 */

const places: [string, (n: number) => Promise<FileTree>][] = [
  ['private files', openOpfs],
  ['private files without access handles', openOpfs],
  ['Cache Storage', async (n) => new CacheTree(await caches.open(`trees-${n}`), self.location.origin)],
];

async function openOpfs(n: number): Promise<FileTree> {
  const root = await navigator.storage.getDirectory();
  return new OpfsTree(await root.getDirectoryHandle(`trees-${n}`, { create: true }));
}

async function runAll(): Promise<{ ran: number; failures: string[] }> {
  const failures: string[] = [];
  let ran = 0;
  for (const [place, open] of places) {
    if (place.includes('without'))
      Reflect.deleteProperty(FileSystemFileHandle.prototype, 'createSyncAccessHandle');
    for (const one of FILE_TREE_CASES) {
      ran += 1;
      try {
        await one.run(await open(ran));
      } catch (error) {
        failures.push(`${place} › ${one.name}: ${String(error)}`);
      }
    }
  }
  return { ran, failures };
}

void runAll().then((result) => postMessage(result));
