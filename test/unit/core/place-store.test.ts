import { describe, expect, it } from 'vitest';
import { PlaceStore, type Place } from '@/lib/core/place-store';

const NOWHERE: Place = { clipId: null, question: null, range: null };
const car = { text: 'a red car', images: [] };
const dog = { text: 'a dog', images: [] };
const start = { startMs: 0, endMs: 5000 };

describe('PlaceStore', () => {
  it('begins where the address says, or with the newest clip', () => {
    expect(new PlaceStore(NOWHERE).get()).toMatchObject({ selectedKey: null, addressedClipId: null });
    const { selectedKey, addressedClipId, questions, ranges } = new PlaceStore({
      clipId: 'a',
      question: car,
      range: start,
    }).get();
    expect([selectedKey, addressedClipId, questions.get('a'), ranges.get('a')]).toEqual([
      'a',
      'a',
      car,
      start,
    ]);
  });

  it('keeps what was asked of a clip while another is shown', () => {
    const store = new PlaceStore({ clipId: 'a', question: car, range: start });
    store.select('b');
    store.ask('b', dog);
    expect(store.get().selectedKey).toBe('b');
    expect(store.get().questions).toEqual(
      new Map([
        ['a', car],
        ['b', dog],
      ]),
    );
    expect(store.get().ranges.has('b')).toBe(false);
  });

  it('takes back what an address no longer says', () => {
    const store = new PlaceStore({ clipId: 'a', question: car, range: start });
    store.go({ clipId: 'a', question: null, range: null });
    expect(store.get().questions.size).toBe(0);
    expect(store.get().ranges.size).toBe(0);
  });

  it('no longer counts a deleted clip as the one of the address', () => {
    const store = new PlaceStore({ clipId: 'a', question: null, range: null });
    store.leaveAddress();
    expect(store.get()).toMatchObject({ selectedKey: 'a', addressedClipId: null });
  });

  it('tells followers of each change, with another object', () => {
    const store = new PlaceStore(NOWHERE);
    const seen = [store.get()];
    const end = store.subscribe(() => seen.push(store.get()));
    store.ask('a', car);
    store.limit('a', start);
    end();
    store.select('a');
    expect(seen).toHaveLength(3);
    expect(new Set(seen).size).toBe(3);
    expect(seen[0]!.questions.size).toBe(0);
  });
});
