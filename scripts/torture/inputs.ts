import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeQuestion } from '@/lib/ask/question';
import { readCalibration } from '@/lib/encoder/calibration';
import { readGolden } from '@/lib/encoder/golden';
import { readModelConfig } from '@/lib/models/model-config';
import { ClipTokenizer } from '@/lib/encoder/tokenizer';
import { readTowers } from '@/lib/encoder/towers';
import { Vocabulary } from '@/lib/encoder/vocabulary';
import { toChatMessages } from '@/lib/exchange/chat-messages';
import { manifestToCsv } from '@/lib/exchange/csv';
import { exportFileName } from '@/lib/exchange/file-name';
import { importFile } from '@/lib/exchange/import';
import { toManifest } from '@/lib/exchange/manifest';
import { MANIFEST_KEYWORD, withPngText } from '@/lib/exchange/png-text';
import { writeZip } from '@/lib/exchange/zip';
import { tellPictureKind } from '@/lib/media/picture-kind';
import { readManifest } from '@/lib/models/manifest';
import { parseModelJson } from '@/lib/models/model-files';
import { FramesiftError, toFramesiftError } from '@/lib/shared/errors';
import { readPlace } from '@/lib/shared/page-place';
import { TOY_MODEL, textGraph, visionGraph } from '@/test/support/model-graphs';
import { makeSelection } from '@/test/unit/exchange/fixtures';
import { isSentence } from './attempt';
import { mutantOf } from './mutate';
import { mutateJson, mutateLines, randomQuestion } from './mutate-text';

/** Somewhere that files and texts of strangers come in. */
export interface InputKind {
  name: string;
  /** Gives the damaged input of a number to the page's own code; what it throws is judged. */
  receive: (number: number) => Promise<unknown>;
}

/** The part of the page's services that a file is brought into. */
export type ImportServices = Parameters<typeof importFile>[0];

const CREATED_AT = new Date('2026-11-22T20:00:00.000Z');
const MODEL_FOLDER = join(import.meta.dirname, '../../public/models/framesift-clip-v3');

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Damaged as a document every other time, else as bytes, or undamaged now and then. */
function damaged(text: string, number: number, mutate: (text: string, number: number) => string): Blob {
  if (number % 2 === 0) return new Blob([mutate(text, number)]);
  return new Blob([new Uint8Array(mutantOf(bytesOf(text), number).bytes)]);
}

/**
 * All kinds of input besides clips.
 *
 * @param services with a real library in `database`
 * @param rows exported rows of that library, as JSON lines and as SQL
 * @param png a picture without text in it
 */
export async function inputKinds(
  services: ImportServices,
  rows: { jsonl: string; sql: string },
  png: Uint8Array<ArrayBuffer>,
): Promise<InputKind[]> {
  const bring = (blob: Blob, name: string) => importFile(services, new File([blob], name));
  const manifest = toManifest(makeSelection(), CREATED_AT);
  const manifestJson = JSON.stringify(manifest);
  const chat = JSON.stringify(toChatMessages(manifest, [], 'openai'));
  const sheet = withPngText(png, MANIFEST_KEYWORD, manifestJson);
  const zipOf = (json: string, jsonl: string) =>
    writeZip(
      [
        { name: 'manifest.json', content: json },
        { name: 'embeddings.jsonl', content: jsonl },
      ],
      CREATED_AT,
    );
  const zip = new Uint8Array(await (await zipOf(manifestJson, rows.jsonl)).arrayBuffer());
  const readModelFile = (name: string) => readFileSync(join(MODEL_FOLDER, name), 'utf8');
  const [config, preprocessor, golden, calibration] = [
    'config.json',
    'preprocessor_config.json',
    'golden.json',
    'calibration.json',
  ].map(readModelFile) as [string, string, string, string];
  const tokenizer = smallTokenizer(readModelFile('tokenizer.json'));
  const graphs = { vision: visionGraph(TOY_MODEL), text: textGraph(TOY_MODEL) };
  const jsonOf = async (text: string, number: number): Promise<unknown> => {
    const bytes = new Uint8Array(await damaged(text, number, mutateJson).arrayBuffer());
    try {
      return parseModelJson(bytes);
    } catch (cause) {
      // As image-text-encoder.ts says it.
      throw new FramesiftError('model-mismatch', 'The file is not valid JSON.', { cause });
    }
  };
  const soundConfig = readModelConfig(JSON.parse(config), JSON.parse(preprocessor));
  const kind = (name: string, receive: InputKind['receive']): InputKind => ({
    name,
    receive,
  });

  return [
    kind('rows as JSON lines', (n) => bring(damaged(rows.jsonl, n, mutateLines), 'rows.jsonl')),
    kind('rows as SQL', (n) => bring(damaged(rows.sql, n, mutateLines), 'rows.sql')),
    kind('manifests', (n) => bring(damaged(manifestJson, n, mutateJson), 'manifest.json')),
    kind('messages', (n) => bring(damaged(chat, n, mutateJson), 'messages.json')),
    kind('tables', (n) => bring(damaged(manifestToCsv(manifest), n, mutateLines), 'table.csv')),
    kind('contact sheets', (n) => bring(new Blob([new Uint8Array(mutantOf(sheet, n).bytes)]), 'sheet.png')),
    kind('ZIPs', async (n) =>
      bring(
        n % 2 === 0
          ? await zipOf(mutateJson(manifestJson, n), n % 4 === 0 ? rows.jsonl : mutateLines(rows.jsonl, n))
          : new Blob([new Uint8Array(mutantOf(zip, n).bytes)]),
        'frames.zip',
      ),
    ),
    kind('graphs of models', (n) => {
      const tower = n % 2 === 0 ? 'vision' : 'text';
      const bytes = new Uint8Array(mutantOf(graphs[tower], n).bytes);
      return Promise.resolve(
        readTowers(
          { ...graphs, [tower]: bytes },
          { embeddingDimension: 512, contextLength: 77, imageSize: 32 },
        ),
      );
    }),
    kind('configurations of models', async (n) =>
      n % 3 === 0
        ? readModelConfig(JSON.parse(config), await jsonOf(preprocessor, n))
        : readModelConfig(await jsonOf(config, n), JSON.parse(preprocessor)),
    ),
    kind('tokenizers of models', async (n) => {
      const one = new ClipTokenizer(await jsonOf(tokenizer, n), soundConfig.contextLength);
      return one.encodeBatch(['a red car', 'two people on a beach at night, seen from above']);
    }),
    kind('other files of models', async (n) => [
      await jsonOf(golden, n).then(readGolden, () => undefined),
      await jsonOf(calibration, n).then(readCalibration, () => undefined),
      await jsonOf('{"version":1,"captions":9,"words":{"car":3,"dog":2}}', n)
        .then((json) => Vocabulary.read(json)?.lookUp(['car', 'hund']))
        .catch(() => undefined),
      readManifest(mutateJson('{"format":1,"id":"a","name":"b","files":{"config.json":{"bytes":1}}}', n)),
    ]),
    kind('questions', (n) => {
      const text = randomQuestion(n);
      return encodeQuestion(QUESTION_SERVICES, QUESTION_MODEL, { text, images: [] });
    }),
    kind('addresses', (n) =>
      Promise.resolve(readPlace(`#clip=${randomQuestion(n)}&q=${randomQuestion(n + 1)}`)),
    ),
    kind('file names', (n) => {
      const name = exportFileName(randomQuestion(n), randomQuestion(n + 1), 'zip');
      if (!/^[^/\\\p{Cc}\u202e]+\.zip$/u.test(name) || name.startsWith('.')) {
        throw new Error(`${JSON.stringify(name)} is no name for a file.`);
      }
      return Promise.resolve(name);
    }),
    kind('pictures', (n) =>
      tellPictureKind(new File([new Uint8Array(mutantOf(sheet, n).bytes)], 'picture.png')),
    ),
  ];
}

/** A tokenizer of the same shape with few words, so that damage meets its structure as often as its lists. */
function smallTokenizer(json: string): string {
  const tokenizer = JSON.parse(json) as { model: { vocab: Record<string, number>; merges: unknown[] } };
  const { vocab } = tokenizer.model;
  const kept = Object.entries(vocab).filter(([token]) => token.length <= 5 || token.startsWith('<|'));
  tokenizer.model.vocab = Object.fromEntries(
    kept.slice(0, 600).concat(kept.filter(([token]) => token.startsWith('<|'))),
  );
  tokenizer.model.merges = [];
  return JSON.stringify(tokenizer);
}

const VECTOR = new Float32Array(512).fill(1 / Math.sqrt(512));

const QUESTION_SERVICES = {
  encoder: {
    encodeTexts: (texts: readonly string[]) => {
      const vectors = new Float32Array(512 * texts.length);
      texts.forEach((_, i) => vectors.set(VECTOR, 512 * i));
      return Promise.resolve(vectors);
    },
    encodeImages: () => Promise.reject(new Error('No picture was given.')),
  },
  video: { prepareImage: () => Promise.reject(new Error('No picture was given.')) },
  database: { getFrameEmbeddings: () => Promise.resolve([]) },
} as unknown as Parameters<typeof encodeQuestion>[0];

const QUESTION_MODEL = {
  modelVersion: 'test/q8/p1',
  calibration: null,
  config: { embeddingDimension: 512 },
} as unknown as Parameters<typeof encodeQuestion>[1];

/** What came of the inputs of one kind. */
export interface InputReport {
  name: string;
  taken: number;
  refused: number;
  slowestMs: number;
  /** Answers that are no sentence for a person, each with the number that makes it again. */
  faults: string[];
}

/** No input takes so long to be taken or refused. */
const SLOW_MS = 10_000;

/** Gives the damaged inputs of some numbers to a kind and judges what comes of them. */
export async function tryInputs(kind: InputKind, numbers: readonly number[]): Promise<InputReport> {
  const report: InputReport = { name: kind.name, taken: 0, refused: 0, slowestMs: 0, faults: [] };
  for (const number of numbers) {
    const startedMs = performance.now();
    try {
      await kind.receive(number);
      report.taken += 1;
    } catch (thrown) {
      const { code, message } = toFramesiftError(thrown);
      report.refused += 1;
      if (code === 'internal' || !isSentence(message)) report.faults.push(`${number}: ${message}`);
    }
    const ms = performance.now() - startedMs;
    report.slowestMs = Math.max(report.slowestMs, ms);
    if (ms > SLOW_MS) report.faults.push(`${number}: took ${(ms / 1000).toFixed(1)} s`);
  }
  return report;
}
