import type { Page } from '@playwright/test';
import type {} from '../host/served-page';

/** Moments of a damaged clip that are asked for; most made clips are 3 to 5 s long. */
const TIMES_MS = [0, 400, 1300, 2600, 9000];

/** What came of a file that was given to the page's video worker. */
export interface Attempt {
  outcome: 'pictures' | 'refused' | 'hung' | 'unclear';
  /** Pictures that came, of those asked for. */
  pictures: number;
  /** What the page says, of the clip or of the moments without a picture. */
  sentence: string | null;
  ms: number;
}

/** A file that has no answer after so long hangs. */
export const HANG_MS = 10_000;

/** Has the page's own worker read some moments of a file. */
export async function attempt(page: Page, bytes: Uint8Array, name: string): Promise<Attempt> {
  const raw = await page.evaluate(
    async ([base64, fileName, times, hangMs]) => {
      const file = new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], fileName);
      const options = { type: 'image/jpeg', quality: 0.5, maxSide: 64 } as const;
      const startedMs = performance.now();
      const reading = window.framesift.readPictures(file, times, options).then(
        (pictures) => ({
          error: null,
          pictures: pictures.filter(({ blob }) => blob).length,
          reason: pictures.find((picture) => picture.blob === null)?.reason ?? null,
        }),
        (error: unknown) => ({
          error: error instanceof Error ? error.message : JSON.stringify(error),
          pictures: 0,
          reason: null,
        }),
      );
      const hung = new Promise<null>((resolve) => setTimeout(() => resolve(null), hangMs));
      return { answer: await Promise.race([reading, hung]), ms: performance.now() - startedMs };
    },
    [Buffer.from(bytes).toString('base64'), name, TIMES_MS, HANG_MS] as const,
  );
  const { answer, ms } = raw;
  if (!answer) return { outcome: 'hung', pictures: 0, sentence: null, ms };
  const sentence = answer.error ?? answer.reason;
  if (sentence !== null && !isSentence(sentence))
    return { outcome: 'unclear', pictures: answer.pictures, sentence, ms };
  return { outcome: answer.error === null ? 'pictures' : 'refused', pictures: answer.pictures, sentence, ms };
}

/** Whether a person can read it: a capital or a number in front, an end, and none of an engine's words. */
export function isSentence(text: string): boolean {
  const isWhole = /^[\p{Lu}\d“"'].*[.!?]$/su.test(text.trim());
  return (
    isWhole &&
    !/undefined|\[object|NaN|TypeError|RangeError|Cannot read prop|is not a function|assert/i.test(text)
  );
}
