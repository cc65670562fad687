import type { Licence, ModelDtype } from '@/lib/ports/models';
import type { ExpectedFile } from '@/lib/shared/file-facts';
import { DTYPE_FILE_SUFFIX } from './model-files';
import { selfHostedModel } from './self-hosted';

/** Where a catalogued model comes from: it is part of the page, or it is in a repository of the Hub. */
type ModelOrigin =
  { kind: 'bundled'; baseUrl: string } | { kind: 'hub'; repository: string; revision: string };

/** One model a person can choose. What it wants of pictures and texts is read from its own files. */
export interface CatalogEntry {
  /** Stable and short: it is the first part of `model_version`. */
  id: string;
  name: string;
  /** What it is good for, in a sentence. */
  summary: string;
  licence: Licence;
  origin: ModelOrigin;
  /** Files that every dtype needs. */
  files: readonly ExpectedFile[];
  /** The graphs of each dtype that it comes in, the one to suggest first. */
  graphs: ReadonlyMap<ModelDtype, readonly ExpectedFile[]>;
}

export const BUNDLED_MODEL_ID = 'framesift-clip-v3';

/**
 * Files of the bundled model. Their sizes are not repeated here: they come from where the page comes from,
 * and change with it.
 */
const bundledFile = (path: string): ExpectedFile => ({ path, bytes: null, sha256: null });

const graphPair = (
  dtype: ModelDtype,
  vision: Omit<ExpectedFile, 'path'>,
  text: Omit<ExpectedFile, 'path'>,
): [ModelDtype, ExpectedFile[]] => [
  dtype,
  [
    { path: `onnx/vision_model${DTYPE_FILE_SUFFIX[dtype]}.onnx`, ...vision },
    { path: `onnx/text_model${DTYPE_FILE_SUFFIX[dtype]}.onnx`, ...text },
  ],
];

const combinedGraph = (
  dtype: ModelDtype,
  facts: Omit<ExpectedFile, 'path'>,
): [ModelDtype, ExpectedFile[]] => [
  dtype,
  [{ path: `onnx/model${DTYPE_FILE_SUFFIX[dtype]}.onnx`, ...facts }],
];

/** Every model the page knows by name. Sizes and digests are those of the pinned revisions. */
export const MODEL_CATALOG: readonly CatalogEntry[] = [
  {
    id: BUNDLED_MODEL_ID,
    name: 'Framesift CLIP (bundled)',
    summary: 'Small and quick, part of this page. Knows everyday things and scenes, is weak on details.',
    licence: { name: 'see its model card', url: `${selfHostedModel(BUNDLED_MODEL_ID)}/README.md` },
    origin: { kind: 'bundled', baseUrl: selfHostedModel(BUNDLED_MODEL_ID) },
    files: [
      'config.json',
      'preprocessor_config.json',
      'tokenizer.json',
      'golden.json',
      'calibration.json',
      // Read with the first question, see lib/query/vocabulary.ts.
      'word-counts.json',
    ].map(bundledFile),
    // One graph a tower: 8-bit weights that are widened to fp32 when the session is made, so it
    // computes in fp32 on every provider and needs no twin.
    graphs: new Map([['fp32', ['onnx/vision_model.onnx', 'onnx/text_model.onnx'].map(bundledFile)]]),
  },
  {
    id: 'clip-vit-b32',
    name: 'OpenAI CLIP ViT-B/32',
    summary: 'Much better at details and rare things, and slower on a machine without a graphics card.',
    licence: { name: 'MIT', url: 'https://github.com/openai/CLIP/blob/main/LICENSE' },
    origin: {
      kind: 'hub',
      repository: 'Xenova/clip-vit-base-patch32',
      revision: 'd15189d7028b43f1d3e65039190477f6af591c2a',
    },
    files: [
      {
        path: 'config.json',
        bytes: 4_524,
        sha256: '493ef57ff783e42d1530c91b53469b7fdf8db8a9c1408e86998fcb7899a4f495',
      },
      {
        path: 'preprocessor_config.json',
        bytes: 520,
        sha256: '6f638fb9401a6d6296feff533ee7efe657b787c49f954f82f5906b36ef2a1b1f',
      },
      {
        path: 'tokenizer.json',
        bytes: 2_224_119,
        sha256: 'f7f3b7af117d467b58374797691a6438d3e6b9e9cef800dfd5dced7f697a90cd',
      },
    ],
    graphs: new Map([
      graphPair(
        'q8',
        { bytes: 89_117_001, sha256: '583fd1110a514667812fee7d684952aaf82a99b959760c8d7dca7e0ab9839299' },
        { bytes: 64_504_507, sha256: '73baab855d406190da9faa498cfedf65f15cf309f4cc7385b7b032e6d08e5c3a' },
      ),
      graphPair(
        'fp16',
        { bytes: 176_080_659, sha256: '35c4e0fb0aeee527dcde1693520b214a34424a786babd530f35366bad5844efd' },
        { bytes: 127_339_794, sha256: 'df587ffbf248bf20d44fa6e16adc5ebc27ead691860e5333dbdaab5fd6bf3f6e' },
      ),
      graphPair(
        'fp32',
        { bytes: 351_685_709, sha256: 'fd6e1402a588279d1723c7534d4bcba5bc0b14b47dfab0e46f8c47b8270d7d40' },
        { bytes: 254_058_553, sha256: '3f6571f5bad13a97c469c1622e1cfc4d9aef78b79fdbfcff804ca357bfada8cc' },
      ),
    ]),
  },
  {
    id: 'tinyclip-8m',
    name: 'TinyCLIP 8M',
    summary: 'A small download for its skill, between the bundled model and ViT-B/32.',
    licence: { name: 'MIT', url: 'https://github.com/microsoft/Cream/blob/main/TinyCLIP/LICENSE' },
    origin: {
      kind: 'hub',
      repository: 'onnx-community/TinyCLIP-ViT-8M-16-Text-3M-YFCC15M-ONNX',
      revision: '9463a9c508a344c837ffefe9d724f3827bf2dc79',
    },
    files: [
      {
        path: 'config.json',
        bytes: 850,
        sha256: '0ca46b868f12305e959a1cfa2b8085e7bffd521f68769ec3bf2999986b55bec3',
      },
      {
        path: 'preprocessor_config.json',
        bytes: 468,
        sha256: '5df7e578c37e907a431daf47fd592fc49fa50d23ed4c41285a0a34a58a9d2e06',
      },
      {
        path: 'tokenizer.json',
        bytes: 3_642_073,
        sha256: '6d9109cc838977f3ca94a379eec36aecc7c807e1785cd729660ca2fc0171fb35',
      },
    ],
    graphs: new Map([
      combinedGraph('q8', {
        bytes: 24_281_512,
        sha256: '10921310ddef06557ec1598d1260470a0a4db53f70ffe0deb60b946dcad6d27a',
      }),
      combinedGraph('fp32', {
        bytes: 94_071_688,
        sha256: '31d28cb07209533d10fc4fef73ac324ce17de6741a2372e7e1531a4ac8fdaeb2',
      }),
    ]),
  },
];

/** The entry of that id, or undefined. */
export function findModel(id: string): CatalogEntry | undefined {
  return MODEL_CATALOG.find((entry) => entry.id === id);
}

/** All files of one dtype of a model, small ones first, or undefined when it does not come in that dtype. */
export function filesOf(entry: CatalogEntry, dtype: ModelDtype): readonly ExpectedFile[] | undefined {
  const graphs = entry.graphs.get(dtype);
  return graphs && [...entry.files, ...graphs];
}
