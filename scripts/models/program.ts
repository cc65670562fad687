import type { ModelDownloadProgress, ModelDtype } from '@/lib/ports/models';
import { Command, Option } from 'commander';
import { filesOf, type CatalogEntry } from '@/lib/models/catalog';
import { downloadModel, totalBytesOf } from '@/lib/models/download-model';
import type { DownloadOptions } from '@/lib/files/download-file';
import { MODEL_DTYPES } from '@/lib/models/model-files';
import { ModelStore } from '@/lib/models/model-store';
import { StreamingSha256 } from '@/lib/files/sha256';
import { HUB_BASE_URL, parseBaseUrl, sourcesOf } from '@/lib/models/sources';
import { FramesiftError } from '@/lib/shared/errors';
import { formatBytes } from '@/lib/shared/format';
import { DiskTree } from '@/lib/files/disk-tree';

/** What the program works with; tests give their own. */
export interface ProgramContext {
  catalog: readonly CatalogEntry[];
  /** Where served models are put: `public/models`. */
  folder: string;
  print: (line: string) => void;
  /** Shows how far a download is, until `stop`. */
  showProgress: () => {
    update: (progress: ModelDownloadProgress) => void;
    stop: () => void;
  };
  signal?: AbortSignal;
  download?: DownloadOptions;
}

/** `npm run models -- list | pull <id> | verify [id…]`. */
export function modelsProgram(context: ProgramContext): Command {
  const { catalog, print } = context;
  const store = new ModelStore(new DiskTree(context.folder));
  const downloadable = catalog.filter(({ origin }) => origin.kind === 'hub');

  const find = (id: string): CatalogEntry => {
    const entry = downloadable.find((one) => one.id === id);
    if (!entry) {
      const ids = downloadable.map((one) => one.id).join(', ');
      throw new FramesiftError('bad-input', `There is no model called “${id}”. Models: ${ids}.`);
    }
    return entry;
  };

  const program = new Command('models')
    .description(
      'Models that this deployment serves itself, so that no visitor asks the Hugging Face Hub for them.',
    )
    // Throws instead of ending the process: what ends is the caller's business.
    .exitOverride();

  program
    .command('list')
    .description('every model, with size and licence, and what of it is in public/models')
    .action(async () => {
      for (const entry of downloadable) {
        print(`${entry.id}  ${entry.name}, licence ${entry.licence.name} (${entry.licence.url})`);
        for (const dtype of entry.graphs.keys()) {
          const files = filesOf(entry, dtype)!;
          const here = await Promise.all(
            files.map(async ({ path }) => {
              const file = await store.file(entry.id, path);
              return {
                path,
                isWhole: file !== null,
                bytes: file?.bytes ?? (await store.partialBytes(entry.id, path)),
              };
            }),
          );
          // The other files may have come with another dtype.
          const weights = here.filter(({ path }) => path.endsWith('.onnx'));
          const weightBytes = weights.reduce((sum, { bytes }) => sum + bytes, 0);
          const size = formatBytes(totalBytesOf(files) ?? 0);
          const state = here.every(({ isWhole }) => isWhole)
            ? 'served'
            : weightBytes > 0
              ? `begun, ${formatBytes(weightBytes)} of its weights are here`
              : 'not here';
          print(`  ${dtype.padEnd(5)} ${size.padStart(7)}  ${state}`);
        }
      }
    });

  program
    .command('pull')
    .description(
      'fetch a model into public/models, check it, and let the page prefer it after the next build',
    )
    .argument('<id>', 'as `list` shows it')
    .addOption(
      new Option('--dtype <dtype>', 'number format; the first that `list` shows').choices(MODEL_DTYPES),
    )
    .option('--mirror <url>', `fetch from here instead of ${HUB_BASE_URL}`)
    .action(async (id: string, { dtype, mirror }: { dtype?: ModelDtype; mirror?: string }) => {
      const entry = find(id);
      const chosen = dtype ?? [...entry.graphs.keys()][0]!;
      const files = filesOf(entry, chosen);
      if (!files) {
        const dtypes = [...entry.graphs.keys()].join(', ');
        throw new FramesiftError(
          'bad-input',
          `${entry.name} does not come as ${chosen}. It comes as ${dtypes}.`,
        );
      }
      const mirrorBaseUrl = mirror === undefined ? null : parseBaseUrl(mirror);
      const settings = { mirrorBaseUrl, hosted: [] };
      print(
        `${entry.name}, ${chosen}, ${formatBytes(totalBytesOf(files) ?? 0)}, licence ${entry.licence.name}, from ${new URL(sourcesOf(entry, '', settings)[0]!.url).host}`,
      );
      const bar = context.showProgress();
      try {
        await downloadModel(
          {
            files,
            target: { model: { id: entry.id, name: entry.name }, store, spare: null },
            sourcesOf: (path) => sourcesOf(entry, path, settings),
            onProgress: bar.update,
          },
          { ...context.download, ...(context.signal && { signal: context.signal }) },
        );
      } finally {
        bar.stop();
      }
      print(`Checked and ready. Build the page again: it then offers ${entry.name} from this site.`);
    });

  program
    .command('verify')
    .description('read every served model again and compare its files with their SHA-256')
    .argument('[id...]', 'only these')
    .action(async (ids: string[]) => {
      const manifests = await store.manifests();
      const asked = ids.length > 0 ? ids.map((id) => find(id).id) : manifests.map(({ id }) => id);
      if (asked.length === 0)
        print('There is no model here yet. Fetch one with: npm run models -- pull <id>');
      let bad = 0;
      let good = 0;
      for (const id of asked) {
        const manifest = manifests.find((one) => one.id === id);
        if (!manifest) {
          throw new FramesiftError(
            'model-unavailable',
            `${id} is not in public/models. Fetch it with: npm run models -- pull ${id}`,
          );
        }
        const entry = catalog.find((one) => one.id === id);
        const published = new Map(
          [...(entry?.files ?? []), ...[...(entry?.graphs.values() ?? [])].flat()].map((file) => [
            file.path,
            file.sha256,
          ]),
        );
        for (const [path, facts] of Object.entries(manifest.files)) {
          const digest = new StreamingSha256();
          for await (const chunk of store.stream(id, path)) digest.update(chunk);
          const actual = digest.hex();
          const isRight = actual === facts.sha256 && actual === (published.get(path) ?? actual);
          print(`${isRight ? 'ok   ' : 'WRONG'} ${id}/${path}`);
          if (isRight) good += 1;
          else bad += 1;
        }
      }
      print(`${good} right, ${bad} wrong`);
      if (bad > 0) {
        throw new FramesiftError(
          'model-mismatch',
          'Remove the folder of the wrong model below public/models and pull it again.',
        );
      }
    });

  return program;
}
