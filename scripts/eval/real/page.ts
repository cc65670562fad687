import { basename, join } from 'node:path';
import { openReady, withServedProfile } from '../../host/served-page';
import type { Progress } from '../progress';
import { type AskedAnswer, type Asker, toAsked } from './asker';

/** A clip that is neither read nor refused for so long is left out. */
const READ_TIMEOUT_MS = 180_000;
const OPEN_TIMEOUT_MS = 60_000;

/**
 * Serves the built app, has it read the clips as a person would, and asks through the page's console. `npm run build` first.
 *
 * @param modelId a model of the page's catalogue that this server serves itself; the bundled one for undefined
 * @param use is given what answers, and the files that the page could not read, which it does not answer about
 */
export async function askByPage(
  clips: string,
  files: readonly string[],
  modelId: string | undefined,
  progress: Progress,
  use: (asker: Asker, refused: readonly string[]) => Promise<void>,
): Promise<void> {
  await withServedProfile(async (context, address) => {
    if (modelId !== undefined) {
      await context.addInitScript(([key, choice]) => localStorage.setItem(key, choice), [
        'framesift-model',
        JSON.stringify({ modelId, dtype: 'fp32' }),
      ] as const);
    }
    const page = context.pages()[0] ?? (await context.newPage());
    const ids = new Map<string, string>();
    const refused: string[] = [];
    for (const file of files) {
      progress.note(file);
      // A page of its own, so that the clip before is closed.
      await openReady(page, address);
      await page.getByTestId('file-input').setInputFiles(join(clips, file));
      const read = page.getByRole('button', { name: 'Read the clip' });
      const isRead = await read
        .click({ timeout: OPEN_TIMEOUT_MS })
        .then(() =>
          page
            .getByTestId('clip-summary')
            .filter({ hasText: /read in [\d.]+ s/ })
            .waitFor({ timeout: READ_TIMEOUT_MS }),
        )
        .then(
          () => true,
          () => false,
        );
      const id = await page.evaluate(async (name) => {
        const events = await window.framesift.listClips();
        return events.find(({ fileName }) => fileName === name)?.id;
      }, basename(file));
      if (isRead && id !== undefined) ids.set(file, id);
      else refused.push(file);
      progress.add(1);
    }
    const fileOf = new Map(Array.from(ids, ([file, id]) => [id, file]));
    const modelVersion = await page.evaluate(() => window.framesift.modelVersion());
    const ask: Asker['ask'] = async (asked, text, strategy, count): Promise<AskedAnswer> => {
      const clipIds = asked.flatMap((file) => ids.get(file) ?? []);
      const answer = await page.evaluate(
        async ([clipIds, question, options]) => {
          const { frames, verdict, curves } = await window.framesift.ask(clipIds, question, options);
          // Typed arrays do not cross to Node.
          const plain = curves.map(({ clipId, timestampsMs, scores, likelihoods }) => ({
            clipId,
            timestampsMs: [...timestampsMs],
            scores: [...scores],
            likelihoods: likelihoods && [...likelihoods],
          }));
          return { frames, verdict, curves: plain };
        },
        [clipIds, text, { strategy, count }] as const,
      );
      return toAsked(answer, (clipId) => fileOf.get(clipId)!);
    };
    await use({ model: `${modelVersion}, through the page`, ask }, refused);
  });
}
