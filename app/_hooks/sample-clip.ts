import { FramesiftError } from '@/lib/shared/errors';
import { isListOf, isRecord } from '@/lib/shared/guards';

const SAMPLE_URL = '/sample/framesift-sample.webm';
const SAMPLE_FACTS_URL = '/sample/sample.json';

/** The name under which the sample is in the library. */
export const SAMPLE_FILE_NAME = 'framesift-sample.webm';

function isQuestion(value: unknown): value is { text: string } {
  return isRecord(value) && typeof value.text === 'string';
}

/** The clip that ships with the page. */
export async function fetchSampleClip(): Promise<File> {
  const response = await fetch(SAMPLE_URL, { signal: AbortSignal.timeout(60_000) }).catch(
    (error: unknown) => {
      throw new FramesiftError(
        'internal',
        'The sample clip could not be fetched. Check the connection and try again.',
        {
          cause: error,
        },
      );
    },
  );
  if (!response.ok) {
    throw new FramesiftError('internal', `The sample clip could not be fetched (HTTP ${response.status}).`);
  }
  return new File([await response.blob()], SAMPLE_FILE_NAME, { type: 'video/webm' });
}

/** Questions that the sample clip answers; none when they cannot be fetched. */
export async function fetchSampleQuestions(): Promise<string[]> {
  try {
    const response = await fetch(SAMPLE_FACTS_URL, { signal: AbortSignal.timeout(10_000) });
    const facts: unknown = await response.json();
    if (!isRecord(facts) || !isListOf(facts.questions, isQuestion)) return [];
    return facts.questions.map(({ text }) => text);
  } catch {
    return [];
  }
}
