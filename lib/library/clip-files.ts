import type { EditedFile, FileTree } from '@/lib/files/file-tree';
import { estimateStorage } from '@/lib/shared/browser-storage';
import { toFramesiftError } from '@/lib/shared/errors';
import { assertClipId } from '@/lib/shared/clip-id';
import { badInput } from './validate';

/** The folders that hold one folder for each clip. */
export const CLIP_FOLDERS = ['frames', 'clips', 'vectors'] as const;

/** Share of the quota that copying a clip leaves free, so that thumbnails and embeddings still find room. */
const HEADROOM = 0.2;

/** Characters of a clip's own name that are kept in its path. */
const SAFE_NAME_LENGTH = 100;

/**
 * The files of the library: `frames/<event_id>/frame_001.jpg` for each thumbnail and `clips/<event_id>/<name>` for a copy
 * of the clip, at the very paths that the tables hold, and `vectors/<event_id>/…` of packed-layout.ts.
 */
export class ClipFiles {
  readonly #tree: FileTree;

  constructor(tree: FileTree) {
    this.#tree = tree;
  }

  get kind(): FileTree['kind'] {
    return this.#tree.kind;
  }

  write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    return inOrder(path, (checked) => this.#tree.write(checked, bytes, 'quickly'));
  }

  /** The thumbnail in memory, so that it outlives a change on disk; null when there is none. */
  async read(path: string): Promise<Blob | null> {
    const bytes = await this.readWhole(path);
    return bytes && new Blob([bytes], { type: thumbnailType(bytes) });
  }

  /** All bytes of a file in memory; null when there is none. */
  readWhole(path: string): Promise<Uint8Array<ArrayBuffer> | null> {
    return inOrder(path, (checked) => this.#tree.read(checked));
  }

  has(path: string): Promise<boolean> {
    return inOrder(path, (checked) => this.#tree.has(checked));
  }

  /**
   * Opens a file for writing in place, which is made where there is none, and closes it after `work`. Null where this
   * browser cannot, or where no other worker would see the file.
   */
  edit<T>(path: string, work: (file: EditedFile) => T): Promise<{ result: T } | null> {
    if (this.kind !== 'opfs') return Promise.resolve(null);
    return inOrder(path, (checked) => this.#tree.edit(checked, work));
  }

  /** Removes files; what is not there is skipped. */
  async remove(paths: readonly string[]): Promise<void> {
    for (const path of paths) await inOrder(path, (checked) => this.#tree.remove(checked));
  }

  /** Removes all files of a clip. */
  async removeClip(clipId: string): Promise<void> {
    assertClipId(clipId);
    for (const folder of CLIP_FOLDERS) await this.#tree.remove(`${folder}/${clipId}`);
  }

  /** Ids of the clips that have files. */
  async listClipIds(): Promise<string[]> {
    const ids = new Set<string>();
    for (const folder of CLIP_FOLDERS) for (const id of await this.#tree.folders(folder)) ids.add(id);
    return [...ids];
  }

  /** Paths of all files of a clip. */
  async listFiles(clipId: string): Promise<string[]> {
    assertClipId(clipId);
    const lists: string[][] = [];
    for (const folder of CLIP_FOLDERS) lists.push(await this.#tree.files(`${folder}/${clipId}`));
    return lists.flat();
  }

  /**
   * Copies a clip into the library and returns its path, or null when the browser has too little room.
   * `onProgress` is told the bytes copied so far.
   */
  async storeClipFile(
    clipId: string,
    file: File,
    onProgress?: (copiedBytes: number) => void,
  ): Promise<string | null> {
    const path = clipPath(clipId, file);
    if (this.kind !== 'memory' && !(await hasRoomFor(file.size))) return null;
    try {
      await this.#tree.copy(path, file, onProgress);
      return path;
    } catch (error) {
      if (toFramesiftError(error).code === 'storage-full') return null;
      throw error;
    }
  }

  /** The copied clip, read from disk as needed; null when there is none. */
  async readClipFile(path: string): Promise<File | null> {
    const blob = await inOrder(path, (checked) => this.#tree.blob(checked));
    return blob && (blob instanceof File ? blob : new File([blob], pathParts(path)[2]));
  }
}

/** Does `work` with a path once it is known to be one of ours. */
async function inOrder<T>(path: string, work: (path: string) => Promise<T>): Promise<T> {
  return work(pathParts(path).join('/'));
}

/**
 * A clip's own name as a file name: letters and digits of any language, `.`, `-` and `_`; never empty,
 * never starting with a dot, its extension kept.
 */
export function safeFileName(name: string): string {
  const cleaned = name
    .normalize('NFC')
    .replace(/[^\p{L}\p{N}._-]+/gu, '_')
    .replace(/^[._]+/, '')
    .replace(/\.+$/, '');
  if (cleaned === '') return 'clip';
  const characters = Array.from(cleaned);
  if (characters.length <= SAFE_NAME_LENGTH) return cleaned;
  const extension = /\.[A-Za-z0-9]{1,8}$/.exec(cleaned)?.[0] ?? '';
  return characters.slice(0, SAFE_NAME_LENGTH - extension.length).join('') + extension;
}

/** `image/webp` or `image/jpeg`, told from the first bytes. */
export function thumbnailType(bytes: Uint8Array): 'image/webp' | 'image/jpeg' {
  return bytes[0] === 0xff && bytes[1] === 0xd8 ? 'image/jpeg' : 'image/webp';
}

/** True when `bytes` more still leave the headroom free. True as well where the browser gives no estimate. */
async function hasRoomFor(bytes: number): Promise<boolean> {
  const { usage, quota } = await estimateStorage();
  if (usage === undefined || quota === undefined) return true;
  return usage + bytes <= quota * (1 - HEADROOM);
}

/** A path of ours in its parts. Rows may come from elsewhere, so a path is checked before it is followed. */
function pathParts(path: string): [folder: string, clipId: string, name: string] {
  const parts = path.split('/');
  const [folder, clipId, name] = parts;
  const isOurs =
    parts.length === 3 &&
    (CLIP_FOLDERS as readonly string[]).includes(folder!) &&
    name !== '' &&
    !name!.startsWith('.') &&
    !name!.includes('\\');
  if (!isOurs) throw badInput(`${JSON.stringify(path)} is not the path of a file in the library.`);
  assertClipId(clipId!);
  return [folder!, clipId!, name!];
}

function clipPath(clipId: string, file: File): string {
  assertClipId(clipId);
  return `clips/${clipId}/${safeFileName(file.name)}`;
}
