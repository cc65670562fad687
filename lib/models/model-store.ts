import type { ModelManifest } from '@/lib/ports/models';
import { Mutex } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';
import type { DownloadStore } from '@/lib/files/download-file';
import type { StoredFile } from '@/lib/shared/file-facts';
import { isSafePath, type FileTree } from '@/lib/files/file-tree';
import { NOTE_SUFFIX, PARTIAL_SUFFIX, PartialFile } from '@/lib/files/partial-file';
import { readManifest } from './manifest';

/** The manifest's file beside a model's files, in every place: the browser, a disk, a served folder. */
const MANIFEST_PATH = 'manifest.json';

/** What a model is called, for its manifest. */
export type ModelIdentity = Pick<ModelManifest, 'id' | 'name' | 'origin'>;

const encode = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/**
 * Models in a file tree, each in a folder of its own: files that are whole and checked under their own
 * names, others under `….part` with a note on where to go on.
 */
export class ModelStore {
  readonly kind: FileTree['kind'];
  readonly #tree: FileTree;
  readonly #oneAtATime = new Mutex();

  constructor(tree: FileTree) {
    this.kind = tree.kind;
    this.#tree = tree;
  }

  /** Of every model that this place holds something of. */
  async manifests(): Promise<ModelManifest[]> {
    const manifests: ModelManifest[] = [];
    for (const folder of await this.#tree.folders()) {
      const manifest = await this.manifest(folder);
      if (manifest) manifests.push(manifest);
    }
    return manifests;
  }

  async manifest(modelId: string): Promise<ModelManifest | null> {
    const bytes = await this.#tree.read(at(modelId, MANIFEST_PATH));
    const manifest = bytes && readManifest(decode(bytes));
    return manifest?.id === modelId ? manifest : null;
  }

  /** A checked file of a model; null when it is not here, or is not as long as it was. */
  async file(modelId: string, path: string): Promise<StoredFile | null> {
    const facts = (await this.manifest(modelId))?.files[path];
    if (facts === undefined) return null;
    return (await this.#tree.size(at(modelId, path))) === facts.bytes ? facts : null;
  }

  /** @throws FramesiftError `model-unavailable` when the file is not here whole */
  async read(modelId: string, path: string): Promise<Uint8Array<ArrayBuffer>> {
    const facts = await this.file(modelId, path);
    const bytes = facts ? await this.#tree.read(at(modelId, path)) : null;
    if (bytes === null) {
      throw new FramesiftError(
        'model-unavailable',
        `The model’s file ${path} is not stored here (any more). Download the model again.`,
      );
    }
    return bytes;
  }

  stream(modelId: string, path: string): AsyncIterable<Uint8Array> {
    return this.#tree.stream(at(modelId, path));
  }

  /** Bytes of a file that have arrived, when it has not arrived whole. */
  async partialBytes(modelId: string, path: string): Promise<number> {
    return (await this.#tree.size(at(modelId, path) + PARTIAL_SUFFIX)) ?? 0;
  }

  /** Opens what has arrived of a file, to go on with it. */
  async openPartial(modelId: string, path: string): Promise<PartialFile> {
    const target = at(modelId, path);
    // A manifest that was cut short names no file any more: their bytes are checked once more, not fetched.
    if ((await this.#tree.size(target + PARTIAL_SUFFIX)) === null && !(await this.file(modelId, path))) {
      if ((await this.#tree.size(target)) !== null) {
        await this.#tree.rename(target, target + PARTIAL_SUFFIX);
      }
    }
    return PartialFile.open(this.#tree, target);
  }

  /** Makes a partial file, which the caller has checked and closed, a file of the model. */
  async commit(model: ModelIdentity, path: string, facts: StoredFile): Promise<void> {
    const target = at(model.id, path);
    // In this order: whatever the moment a tab is closed at, a name in the manifest never stands for other
    // bytes, and no checked bytes are lost.
    await this.#tree.remove(target);
    await this.#change(model, (files) => ({ ...files, [path]: facts }));
    await this.#tree.rename(target + PARTIAL_SUFFIX, target);
    await this.#tree.remove(target + NOTE_SUFFIX);
  }

  /** One model's part of this store, for the downloader. */
  folderOf(model: ModelIdentity): DownloadStore {
    return {
      partialBytes: (path) => this.partialBytes(model.id, path),
      openPartial: (path) => this.openPartial(model.id, path),
      commit: (path, facts) => this.commit(model, path, facts),
    };
  }

  /** Removes files of a model, partial ones too, and the model with its last file. */
  async remove(model: ModelIdentity, paths: readonly string[]): Promise<void> {
    await this.#change(model, (files) =>
      Object.fromEntries(Object.entries(files).filter(([path]) => !paths.includes(path))),
    );
    for (const path of paths) {
      for (const suffix of ['', PARTIAL_SUFFIX, NOTE_SUFFIX]) {
        await this.#tree.remove(at(model.id, path) + suffix);
      }
    }
    const left = await this.manifest(model.id);
    if (left && Object.keys(left.files).length === 0) await this.#tree.remove(model.id);
  }

  async removeModel(modelId: string): Promise<void> {
    await this.#tree.remove(at(modelId));
  }

  #change(
    model: ModelIdentity,
    edit: (files: ModelManifest['files']) => ModelManifest['files'],
  ): Promise<void> {
    // Two files that end at the same time must not write over each other's line.
    return this.#oneAtATime.run(async () => {
      const { id, name, origin } = model;
      const files = edit((await this.manifest(id))?.files ?? {});
      const manifest: ModelManifest = { format: 1, id, name, ...(origin && { origin }), files };
      await this.#tree.write(at(id, MANIFEST_PATH), encode(manifest));
    });
  }
}

function at(modelId: string, path?: string): string {
  const full = path === undefined ? modelId : `${modelId}/${path}`;
  if (!isSafePath(full)) {
    throw new FramesiftError('bad-input', `${JSON.stringify(full)} is no path of a model’s file.`);
  }
  return full;
}
