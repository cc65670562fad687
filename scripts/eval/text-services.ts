import type { QuestionServices } from '@/lib/ask/question';
import type { Embedder } from '../sample-clip/host/embed';

/** What encodes questions that are texts, without a page: no picture is prepared, and no stored frame is looked up. */
export function textServices(embedder: Embedder): QuestionServices {
  const refuse = () => Promise.reject(new Error('Questions of this evaluation are texts.'));
  return {
    encoder: { encodeTexts: (texts) => embedder.embedTexts(texts), encodeImages: refuse },
    video: { prepareImage: refuse },
    database: { getFrameEmbeddings: () => Promise.resolve([]) },
  };
}
