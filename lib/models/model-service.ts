import type {
  GivenFile,
  ModelDownloadProgress,
  ModelDtype,
  ModelFileSource,
  ModelListing,
  ModelManifest,
  ModelVariant,
  OwnModelProposal,
  SourceSettings,
} from '@/lib/ports/models';
import { readModelConfig } from '@/lib/models/model-config';
import { filesOf, findModel, MODEL_CATALOG, type CatalogEntry } from '@/lib/models/catalog';
import { downloadModel, totalBytesOf } from '@/lib/models/download-model';
import { fetchFile } from '@/lib/files/fetch-file';
import type { ExpectedFile } from '@/lib/shared/file-facts';
import { remote, THIS_SITE, type FileSource } from '@/lib/files/file-source';
import { MemoryTree } from '@/lib/files/memory-tree';
import { MODEL_DTYPES, parseModelJson } from '@/lib/models/model-files';
import { asModelError } from '@/lib/models/model-error';
import { ModelStore, type ModelIdentity } from '@/lib/models/model-store';
import { openPrivateFiles } from '@/lib/files/open-tree';
import {
  isOwnModelId,
  ownModelId,
  ownModelName,
  planOwnModel,
  revisionOfFiles,
  type OwnModelPlan,
} from '@/lib/models/own-model';
import { probeBaseUrl } from '@/lib/models/probe-url';
import { parseBaseUrl, sourcesOf } from '@/lib/models/sources';
import { serve, transfer } from '@/lib/rpc/remote';
import { estimateStorage } from '@/lib/shared/browser-storage';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import { withTabLock } from '@/lib/shared/locks';

interface Proposal {
  name: string;
  /** An address; undefined for files. */
  origin: string | undefined;
  plan: OwnModelPlan;
  bytesOf: (from: string) => number | null;
  given: ReadonlyMap<string, File> | undefined;
}

interface Stores {
  store: ModelStore;
  /** Takes what the store has no room for. */
  spare: ModelStore;
}

/** The folder of the origin's private files that models are kept in. */
const FOLDER = 'models';

/**
 * What the models worker does, exposed over Comlink: lists models, fetches and checks them, keeps them in
 * the browser's storage, and hands their files to the worker that runs them.
 */
export class ModelService {
  readonly #memory = new ModelStore(new MemoryTree());
  readonly #proposals = new Map<string, Proposal>();
  #stores: Promise<Stores> | undefined;
  /** One model at a time: two would make both late. */
  #isFetching = false;

  /** Lets another worker read files through this port. */
  connect(port: MessagePort): void {
    serve(this, port);
  }

  async list(settings: SourceSettings): Promise<ModelListing[]> {
    const { store, spare } = await this.#open();
    const listings = await Promise.all(MODEL_CATALOG.map((entry) => this.#listEntry(entry, settings)));
    const known = new Set(listings.map(({ id }) => id));
    const manifests = [...(await store.manifests()), ...(await spare.manifests())];
    const own = new Set(manifests.map(({ id }) => id).filter((id) => !known.has(id) && isOwnModelId(id)));
    for (const id of own) {
      // A model may be in both places, a part in each.
      const manifest = await this.#manifest(id);
      if (manifest) listings.push(await this.#listOwn(manifest));
    }
    return listings;
  }

  /**
   * Fetches what is missing of a model and checks it. One model at a time, and each in one tab at a time.
   *
   * @throws FramesiftError `cancelled` once the signal is aborted; what has arrived is kept
   */
  async download(
    modelId: string,
    dtype: ModelDtype,
    settings: SourceSettings,
    onProgress: (progress: ModelDownloadProgress) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const entry = findModel(modelId);
    if (!entry) {
      const origin = (await this.#manifest(modelId))?.origin;
      if (origin === undefined) throw unknownModel(modelId);
      const { key } = await this.inspectBaseUrl(origin);
      await this.addOwn(key, dtype, onProgress, signal);
      return;
    }
    const files = filesOf(entry, dtype);
    if (!files) throw unknownModel(`${modelId} as ${dtype}`);
    await this.#fetch({ id: entry.id, name: entry.name }, files, (path) => sourcesOf(entry, path, settings), {
      onProgress,
      signal,
    });
  }

  /** Removes a model in one dtype; files that another stored dtype of it needs too stay. */
  async remove(modelId: string, dtype: ModelDtype): Promise<void> {
    const { store, spare } = await this.#open();
    for (const place of [store, spare]) {
      const manifest = await place.manifest(modelId);
      const entry = findModel(modelId);
      if (!manifest && !entry) {
        await place.removeModel(modelId);
        continue;
      }
      const dtypes = entry ? [...entry.graphs.keys()] : MODEL_DTYPES;
      const graphsOf = (one: ModelDtype) =>
        entry?.graphs.get(one)?.map(({ path }) => path) ?? ownGraphs(manifest, one);
      const others = await Promise.all(
        dtypes
          .filter((one) => one !== dtype)
          .map(async (one) => {
            const paths = graphsOf(one);
            const held = await Promise.all(
              paths.map(
                async (path) =>
                  (manifest?.files[path]?.bytes ?? 0) + (await place.partialBytes(modelId, path)),
              ),
            );
            return held.some((bytes) => bytes > 0);
          }),
      );
      if (!others.includes(true)) await place.removeModel(modelId);
      else await place.remove({ id: modelId, name: entry?.name ?? manifest!.name }, graphsOf(dtype));
    }
  }

  /**
   * Looks for a model among files that a person gave. Nothing is stored by it.
   *
   * @throws FramesiftError `model-mismatch` with the reason why they are no model that this page can use
   */
  async inspectFiles(given: readonly GivenFile[]): Promise<OwnModelProposal> {
    const byPath = new Map(given.map(({ path, file }) => [path, file]));
    const plan = planOwnModel([...byPath.keys()]);
    const read = async (path: string) => {
      const from = plan.files.find((file) => file.path === path)!.from;
      return new Uint8Array(await byPath.get(from)!.arrayBuffer());
    };
    await checkConfiguration(read);
    const folder = plan.files[0]!.from.split('/').slice(0, -1).at(-1);
    return this.#propose({
      name: folder ?? 'dropped model',
      origin: undefined,
      plan,
      bytesOf: (from) => byPath.get(from)!.size,
      given: byPath,
    });
  }

  /**
   * Looks for a model below an address. Its weights are not fetched by it, only asked for.
   *
   * @throws FramesiftError `model-unavailable` | `model-mismatch` | `bad-input`
   */
  async inspectBaseUrl(text: string): Promise<OwnModelProposal> {
    const origin = parseBaseUrl(text);
    const found = new Map((await probeBaseUrl(origin)).map(({ path, bytes }) => [path, bytes]));
    if (found.size === 0) {
      throw new FramesiftError(
        'model-unavailable',
        `${new URL(origin).host} has no model at this address. It must be the one that config.json lies below.`,
      );
    }
    const plan = planOwnModel([...found.keys()]);
    await checkConfiguration(async (path) => {
      const limits = { signal: AbortSignal.timeout(CONFIG_TIMEOUT_MS) };
      return fetchFile(remote(`${origin}/${path}`), limits).catch((error: unknown) => {
        throw asModelError(error);
      });
    });
    return this.#propose({
      name: ownModelName(origin),
      origin,
      plan,
      bytesOf: (from) => found.get(from) ?? null,
      given: undefined,
    });
  }

  /**
   * Stores a model that was found by `inspectFiles` or `inspectBaseUrl`.
   *
   * @returns its id
   * @throws FramesiftError `cancelled` once the signal is aborted; what has arrived is kept
   */
  async addOwn(
    key: string,
    dtype: ModelDtype,
    onProgress: (progress: ModelDownloadProgress) => void,
    signal?: AbortSignal,
  ): Promise<string> {
    const proposal = this.#proposals.get(key);
    const graphs = proposal?.plan.graphs.get(dtype);
    if (!proposal || !graphs) throw new FramesiftError('internal', 'These files were not looked at.');
    const { name, origin, plan, bytesOf, given } = proposal;
    const all = [...plan.files, ...graphs];
    const files = all.map<ExpectedFile>(({ path, from }) => ({
      path,
      // Across origins a page is not told of a compression, and then a text's length is that of something else.
      bytes: given || path.endsWith('.onnx') ? bytesOf(from) : null,
      sha256: null,
    }));
    const identity = origin ?? all.map(({ path, from }) => `${path} ${String(bytesOf(from))}`).join('\n');
    const model: ModelIdentity = { id: ownModelId(name, identity), name, ...(origin && { origin }) };
    const from = new Map(all.map((file) => [file.path, file.from]));
    await this.#fetch(
      model,
      files,
      (path): FileSource[] =>
        given
          ? [{ url: `${GIVEN_SCHEME}${from.get(path)!}`, label: 'Your folder' }]
          : [remote(`${origin!}/${from.get(path)!}`)],
      { onProgress, signal, ...(given && { fetch: fetchGiven(given) }) },
    );
    return model.id;
  }

  /** Free room in the browser's storage; null where it does not say. */
  async freeBytes(): Promise<number | null> {
    const { quota, usage } = await estimateStorage().catch((): StorageEstimate => ({}));
    return quota === undefined || usage === undefined ? null : Math.max(0, quota - usage);
  }

  /**
   * What the encoder needs to know of a stored model; its files are then read with `readFile`.
   *
   * @throws FramesiftError `model-unavailable` when it is not stored whole
   */
  async openFiles(modelId: string, dtype: ModelDtype): Promise<Omit<ModelFileSource, 'read'>> {
    const entry = findModel(modelId);
    const manifest = await this.#manifest(modelId);
    const paths = entry
      ? filesOf(entry, dtype)?.map(({ path }) => path)
      : manifest && pathsOfOwn(manifest, dtype);
    const files = await Promise.all(
      (paths ?? []).map(async (path) => ({ path, facts: await this.#file(modelId, path) })),
    );
    if (!paths || files.some(({ facts }) => facts === null)) {
      const name = entry?.name ?? manifest?.name ?? modelId;
      throw new FramesiftError(
        'model-unavailable',
        `${name} is not in this browser (any more). Open “Models” to download it again or to choose another.`,
      );
    }
    return {
      modelId,
      name: entry?.name ?? manifest!.name,
      dtype,
      revision:
        entry?.origin.kind === 'hub'
          ? entry.origin.revision
          : revisionOfFiles(files.map(({ path, facts }) => ({ path, sha256: facts!.sha256 }))),
      paths,
    };
  }

  /** @throws FramesiftError `model-unavailable` */
  async readFile(modelId: string, path: string): Promise<Uint8Array<ArrayBuffer>> {
    const { store, spare } = await this.#open();
    const place = (await store.file(modelId, path)) ? store : spare;
    const bytes = await place.read(modelId, path);
    return transfer(bytes, [bytes.buffer]);
  }

  #propose(proposal: Proposal): OwnModelProposal {
    const key = crypto.randomUUID();
    this.#proposals.set(key, proposal);
    const { plan, bytesOf, name, origin } = proposal;
    const variants = Array.from(plan.graphs, ([dtype, graphs]) => ({
      dtype,
      totalBytes: totalBytesOf(
        [...plan.files, ...graphs].map(({ path, from }) => ({ path, bytes: bytesOf(from), sha256: null })),
      ),
    }));
    return { key, name, host: origin === undefined ? null : new URL(origin).host, variants };
  }

  async #fetch(
    model: ModelIdentity,
    files: readonly ExpectedFile[],
    sources: (path: string) => FileSource[],
    options: {
      onProgress: (progress: ModelDownloadProgress) => void;
      signal: AbortSignal | undefined;
      fetch?: typeof globalThis.fetch;
    },
  ): Promise<void> {
    const { onProgress, signal, fetch } = options;
    if (this.#isFetching) {
      throw new FramesiftError(
        'bad-input',
        'Another model is being downloaded. Wait for it, or stop it first.',
      );
    }
    this.#isFetching = true;
    try {
      const { store, spare } = await this.#open();
      await withLock(`framesift-model-${model.id}`, () =>
        downloadModel(
          {
            files,
            target: { model, store, spare: store === spare ? null : spare },
            sourcesOf: sources,
            check: () => checkConfiguration((path) => this.#readStored(model.id, path)),
            onProgress: (progress) =>
              onProgress({ ...progress, isInMemory: progress.isInMemory || store.kind === 'memory' }),
          },
          { ...(signal && { signal }), ...(fetch && { fetch }) },
        ),
      );
    } finally {
      this.#isFetching = false;
    }
  }

  async #readStored(modelId: string, path: string): Promise<Uint8Array<ArrayBuffer>> {
    const { store, spare } = await this.#open();
    return ((await store.file(modelId, path)) ? store : spare).read(modelId, path);
  }

  async #file(modelId: string, path: string) {
    const { store, spare } = await this.#open();
    return (await store.file(modelId, path)) ?? (await spare.file(modelId, path));
  }

  async #manifest(modelId: string): Promise<ModelManifest | null> {
    const { store, spare } = await this.#open();
    const [stored, inMemory] = [await store.manifest(modelId), await spare.manifest(modelId)];
    if (!stored || !inMemory) return stored ?? inMemory;
    return { ...stored, files: { ...inMemory.files, ...stored.files } };
  }

  #open(): Promise<Stores> {
    this.#stores ??= openOpfs().then((store) => ({ store: store ?? this.#memory, spare: this.#memory }));
    return this.#stores;
  }

  async #listEntry(entry: CatalogEntry, settings: SourceSettings): Promise<ModelListing> {
    const { id, name, summary, licence, origin } = entry;
    return {
      id,
      name,
      summary,
      licence,
      kind: origin.kind === 'bundled' ? 'bundled' : 'catalog',
      origin: origin.kind === 'hub' ? `${origin.repository} @ ${origin.revision.slice(0, 12)}` : null,
      variants: await Promise.all(
        Array.from(entry.graphs.keys(), (dtype) =>
          this.#variant(
            entry.id,
            dtype,
            filesOf(entry, dtype)!,
            origin.kind === 'bundled',
            (path) => sourcesOf(entry, path, settings)[0]!.label,
          ),
        ),
      ),
    };
  }

  async #listOwn(manifest: ModelManifest): Promise<ModelListing> {
    const { id, name, origin } = manifest;
    const variants: ModelVariant[] = [];
    for (const dtype of MODEL_DTYPES) {
      const paths = pathsOfOwn(manifest, dtype);
      if (!paths) continue;
      const files = paths.map((path) => ({ path, bytes: manifest.files[path]?.bytes ?? null, sha256: null }));
      variants.push(
        await this.#variant(id, dtype, files, false, () => (origin ? new URL(origin).host : THIS_SITE)),
      );
    }
    const isFromUrl = origin !== undefined;
    const summary = isFromUrl ? 'Your own, from an address.' : 'Your own, from files of yours.';
    return { id, name, summary, kind: 'own', licence: null, origin: origin ?? null, variants };
  }

  async #variant(
    modelId: string,
    dtype: ModelDtype,
    files: readonly ExpectedFile[],
    isBundled: boolean,
    fetchedFrom: (path: string) => string,
  ): Promise<ModelVariant> {
    const totalBytes = totalBytesOf(files);
    const graph = files.at(-1)!.path;
    if (isBundled) {
      return { dtype, totalBytes, storedBytes: 0, state: 'bundled', fetchedFrom: fetchedFrom(graph) };
    }
    const { store, spare } = await this.#open();
    let storedBytes = 0;
    let inStore = 0;
    let complete = 0;
    let hasGraphBytes = false;
    for (const { path } of files) {
      const kept = store.kind === 'memory' ? null : await store.file(modelId, path);
      const file = kept ?? (await spare.file(modelId, path));
      if (kept) inStore += 1;
      if (file) complete += 1;
      const bytes = file?.bytes ?? (await store.partialBytes(modelId, path));
      storedBytes += bytes;
      hasGraphBytes ||= bytes > 0 && path.endsWith('.onnx');
    }
    const state =
      inStore === files.length
        ? 'stored'
        : complete === files.length
          ? 'in-memory'
          : hasGraphBytes
            ? 'partial'
            : 'absent';
    return { dtype, totalBytes, storedBytes, state, fetchedFrom: fetchedFrom(graph) };
  }
}

/** Reading two small files of a server that has just answered. */
const CONFIG_TIMEOUT_MS = 30_000;

/** Stands before the paths of given files, where other files have an address. */
const GIVEN_SCHEME = 'files:';

/** Given files take the way of downloaded ones: counted, checked, and kept in memory when storage is full. */
function fetchGiven(given: ReadonlyMap<string, File>): typeof globalThis.fetch {
  return (input) => {
    const file = given.get((input as string).slice(GIVEN_SCHEME.length));
    if (!file) return Promise.resolve(new Response(null, { status: 404 }));
    return Promise.resolve(new Response(file.stream(), { headers: { 'content-length': String(file.size) } }));
  };
}

/** Refuses a model whose configuration asks for what this page cannot do, before its weights are fetched. */
async function checkConfiguration(read: (path: string) => Promise<Uint8Array>): Promise<void> {
  const json = async (path: string) => {
    const bytes = await read(path);
    try {
      return parseModelJson(bytes);
    } catch (cause) {
      throw new FramesiftError('model-mismatch', `The model’s ${path} is not valid JSON.`, { cause });
    }
  };
  readModelConfig(await json('config.json'), await json('preprocessor_config.json'));
}

/** What is stored of an own model in one dtype; undefined when none of its graphs is. */
function pathsOfOwn(manifest: ModelManifest, dtype: ModelDtype): string[] | undefined {
  try {
    const plan = planOwnModel(Object.keys(manifest.files));
    const graphs = plan.graphs.get(dtype);
    return graphs && [...plan.files, ...graphs].map(({ path }) => path);
  } catch {
    // Not whole yet: there is nothing to be opened.
    return undefined;
  }
}

function ownGraphs(manifest: ModelManifest | null, dtype: ModelDtype): string[] {
  return (manifest && pathsOfOwn(manifest, dtype)?.filter((path) => path.endsWith('.onnx'))) ?? [];
}

/** The browser's private files; null where it has none, or none that a large file can be continued in. */
async function openOpfs(): Promise<ModelStore | null> {
  if (typeof FileSystemFileHandle === 'undefined') return null;
  if (!('createSyncAccessHandle' in FileSystemFileHandle.prototype)) return null;
  const tree = await openPrivateFiles(FOLDER);
  return tree && new ModelStore(tree);
}

async function withLock(name: string, work: () => Promise<void>): Promise<void> {
  await withTabLock(name, async (isHeld) => {
    if (!isHeld) {
      throw new FramesiftError(
        'bad-input',
        'This model is being downloaded in another tab of this site. It will be here when that tab has it.',
      );
    }
    await work().catch((error: unknown) => {
      throw toFramesiftError(error, 'The model could not be fetched.');
    });
  });
}

function unknownModel(name: string): FramesiftError {
  return new FramesiftError('model-unavailable', `There is no model called “${name}”.`);
}
