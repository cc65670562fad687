import type { ModelDtype } from '@/lib/ports/models';
import { FramesiftError } from '@/lib/shared/errors';
import { isSafePath } from '@/lib/files/file-tree';
import { DTYPE_FILE_SUFFIX, MODEL_DTYPES } from './model-files';
import { sha256OfText } from '@/lib/files/sha256';

/** Files without which a model cannot be used. */
const REQUIRED_FILES = ['config.json', 'preprocessor_config.json', 'tokenizer.json'] as const;

/** Files that make a model better known, where it has them. */
const OPTIONAL_FILES = ['golden.json', 'calibration.json', 'word-counts.json'] as const;

/** A file as it is stored, and the name under which it was found. */
interface OwnFile {
  path: string;
  from: string;
}

/** A model found among files that a person gave. */
export interface OwnModelPlan {
  files: OwnFile[];
  /** The graphs of each dtype that is there whole. */
  graphs: ReadonlyMap<ModelDtype, OwnFile[]>;
}

/** The graphs of a dtype: two towers, or one graph with both. */
function graphPathsOf(dtype: ModelDtype): { towers: [string, string]; combined: string } {
  const suffix = DTYPE_FILE_SUFFIX[dtype];
  return {
    towers: [`onnx/vision_model${suffix}.onnx`, `onnx/text_model${suffix}.onnx`],
    combined: `onnx/model${suffix}.onnx`,
  };
}

/** True when files dropped on the page are a model and not clips. */
export function looksLikeModel(paths: readonly string[]): boolean {
  return paths.some((path) => /\.(onnx|onnx_data|safetensors)$/i.test(path)) || paths.some(isModelJson);
}

function isModelJson(path: string): boolean {
  return /(^|\/)(config|preprocessor_config|tokenizer)\.json$/.test(path);
}

/**
 * Finds a model in the Hugging Face layout among files: a folder anywhere among them, or loose files.
 *
 * @throws FramesiftError `model-mismatch` with the reason why they are no model that this page can use
 */
export function planOwnModel(paths: readonly string[]): OwnModelPlan {
  const root = rootOf(paths);
  const below = new Map(
    paths.filter((path) => path.startsWith(root)).map((path) => [path.slice(root.length), path]),
  );
  /** Graphs may lie beside the other files, as loose files do. */
  const find = (path: string): OwnFile | null => {
    const from = below.get(path) ?? below.get(path.replace(/^onnx\//, ''));
    return from === undefined ? null : { path, from };
  };
  const required = REQUIRED_FILES.map((path) => ({ path, file: find(path) }));
  const missing: string[] = required.filter(({ file }) => file === null).map(({ path }) => path);
  const graphs = new Map<ModelDtype, OwnFile[]>();
  for (const dtype of MODEL_DTYPES) {
    const { towers, combined } = graphPathsOf(dtype);
    const pair = towers.map(find);
    const whole = find(combined);
    if (pair.every((file) => file !== null)) graphs.set(dtype, pair);
    else if (whole) graphs.set(dtype, [whole]);
  }
  if (graphs.size === 0) missing.push('onnx/vision_model.onnx with onnx/text_model.onnx, or onnx/model.onnx');
  if (missing.length > 0) throw mismatch(missing, [...below.keys()]);
  for (const [dtype, files] of graphs) {
    const outside = files.find(({ path }) => find(`${path}_data`) ?? find(`${path}.data`));
    if (!outside) continue;
    graphs.delete(dtype);
    if (graphs.size === 0) {
      throw new FramesiftError(
        'model-mismatch',
        `The weights of ${outside.path} are in a file of their own (${outside.path}_data), which this page cannot read. Export the model as one file a graph (below 2 GB).`,
      );
    }
  }
  return {
    files: [
      ...required.map(({ file }) => file!),
      ...OPTIONAL_FILES.map(find).filter((file) => file !== null),
    ],
    graphs,
  };
}

/** The folder that the layout begins in, with its slash; empty for loose files. */
function rootOf(paths: readonly string[]): string {
  const configs = paths.filter((path) => /(^|\/)config\.json$/.test(path));
  const depth = (path: string) => path.split('/').length;
  const [shallowest] = configs.sort((a, b) => depth(a) - depth(b));
  return shallowest?.slice(0, -'config.json'.length) ?? '';
}

function mismatch(missing: readonly string[], present: readonly string[]): FramesiftError {
  const graphs = present.filter((path) => path.endsWith('.onnx'));
  const others = graphs.length > 0 ? ` The graphs that are there: ${graphs.slice(0, 5).join(', ')}.` : '';
  const weights = present.some((path) => /\.(safetensors|bin|pt)$/.test(path))
    ? ' Weights for PyTorch must be exported to ONNX first, for example with Optimum.'
    : '';
  return new FramesiftError(
    'model-mismatch',
    `This is no whole CLIP model in the Hugging Face layout. Missing: ${missing.join('; ')}.${others}${weights}`,
  );
}

/** Most characters of an own model's name in its id: `model_version` must hold it with the rest. */
const SLUG_LENGTH = 16;
const ID_DIGITS = 6;

/**
 * The id of a model that is in no catalogue: the same for the same origin, so that adding it again goes on
 * with what is there.
 *
 * @param identity an address, or a digest of the files
 */
export function ownModelId(name: string, identity: string): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, SLUG_LENGTH)
    .replace(/^-+|-+$/g, '');
  return ['own', slug || 'model', sha256OfText(identity).slice(0, ID_DIGITS)].join('-');
}

export function isOwnModelId(modelId: string): boolean {
  return modelId.startsWith('own-');
}

/** Which weights a set of files is, for models that have no published revision: a digest of their digests. */
export function revisionOfFiles(files: readonly { path: string; sha256: string }[]): string {
  const lines = files.map(({ path, sha256 }) => `${sha256}  ${path}`).sort();
  return sha256OfText(lines.join('\n'));
}

/** The name of a model by the folder or address it came from. */
export function ownModelName(folderOrUrl: string): string {
  const parts = folderOrUrl
    .replace(/\/resolve\/[^/]+$/, '')
    .split('/')
    .filter((part) => part !== '');
  return (parts.at(-1) ?? 'model').slice(0, 80);
}

/** Every path that a model in the Hugging Face layout may have and this page would use. */
export function candidatePaths(): string[] {
  const graphs = MODEL_DTYPES.map(graphPathsOf).flatMap(({ towers, combined }) => [...towers, combined]);
  return [...REQUIRED_FILES, ...OPTIONAL_FILES, ...graphs].filter(isSafePath);
}
