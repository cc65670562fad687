import { describe, expect, it } from 'vitest';
import { askLibraries, librariesToAsk, type LibraryServices } from '@/lib/ask/libraries';
import { composeRequest } from '@/lib/ask/compose-request';
import type { Candidates, EncodedQuestion } from '@/lib/ports/search';

const clip = (id: string, libraryId: string | null, frames: number | null = null) => ({
  id,
  durationMs: 1000,
  sharedIn: libraryId === null ? null : { libraryId, name: libraryId, frames },
});
const CLIPS = [
  clip('here', null),
  clip('copied', 'yard'),
  clip('away', 'yard', 40),
  clip('further', 'yard', 7),
  clip('other', 'roof', 3),
];

describe('libraries on servers', () => {
  it('are asked for clips whose frames they alone have', () => {
    expect(librariesToAsk(composeRequest(CLIPS, {}))).toEqual([
      { libraryId: 'yard', clips: ['away', 'further'] },
      { libraryId: 'roof', clips: ['other'] },
    ]);
    expect(librariesToAsk(composeRequest(CLIPS.slice(0, 2), {}))).toEqual([]);
  });

  it('are not told which where all clips are asked about', () => {
    expect(librariesToAsk(composeRequest(CLIPS, { isOfAll: true }))).toEqual([
      { libraryId: 'yard', clips: null },
      { libraryId: 'roof', clips: null },
    ]);
  });

  it('give what they have, and one that fails keeps no other from it', async () => {
    const given = { libraryId: 'yard' } as Candidates;
    const sync: LibraryServices['sync'] = {
      search: (libraryId) =>
        libraryId === 'yard' ? Promise.resolve(given) : Promise.reject(new Error('It does not answer.')),
    };
    expect(await askLibraries({ sync }, composeRequest(CLIPS, {}), {} as EncodedQuestion)).toEqual({
      candidates: [given],
      failed: [{ libraryId: 'roof', message: expect.stringContaining('It does not answer.') as string }],
    });
  });
});
