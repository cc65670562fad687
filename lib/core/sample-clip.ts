import { fetchFile } from '@/lib/files/fetch-file';
import { onThisSite } from '@/lib/files/file-source';
import { isListOf, isRecord } from '@/lib/shared/guards';

const SAMPLE_URL = '/sample/framesift-sample.webm';
const SAMPLE_FACTS_URL = '/sample/sample.json';

/** The name under which the sample is in the library. */
export const SAMPLE_FILE_NAME = 'framesift-sample.webm';

function isQuestion(value: unknown): value is { text: string } {
  return isRecord(value) && typeof value.text === 'string';
}

/**
 * The clip that ships with the page.
 *
 * @throws FramesiftError `file-unavailable`
 */
export async function fetchSampleClip(): Promise<File> {
  const bytes = await fetchFile(onThisSite(SAMPLE_URL));
  return new File([bytes], SAMPLE_FILE_NAME, { type: 'video/webm' });
}

/** Questions that the sample clip answers; none when they cannot be fetched. */
export async function fetchSampleQuestions(): Promise<string[]> {
  try {
    const bytes = await fetchFile(onThisSite(SAMPLE_FACTS_URL), { stallTimeoutMs: 10_000 });
    const facts: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (!isRecord(facts) || !isListOf(facts.questions, isQuestion)) return [];
    return facts.questions.map(({ text }) => text);
  } catch {
    return [];
  }
}
