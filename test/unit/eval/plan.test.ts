import { beforeAll, describe, expect, it } from 'vitest';
import { CONCEPTS } from '@/scripts/eval/data/concepts';
import type { Picture } from '@/scripts/eval/data/pictures';
import { planClips, splitHalves, type ClipPlan } from '@/scripts/eval/data/plan';

/** Stand-ins for the real pictures, with something for each thing that is asked for. */
function makePictures(): Picture[] {
  const labels = [...new Set(CONCEPTS.flatMap(({ labels: all }) => all))].filter(
    (one) => !one.startsWith('sample:'),
  );
  const labelled = labels.flatMap((name) => {
    const [source = '', label = ''] = name.split(/:(.*)/s);
    const caption = `a ${label.split('/').at(-1)?.replaceAll('_', ' ') ?? ''}`;
    return Array.from({ length: 10 }, (_, index) => ({
      id: `x.zip/${source}-${label}-${index}.jpg`,
      source,
      label,
      captions: [caption],
      text: `${caption}\n${label.replaceAll(/[/_]/g, ' ')}`.toLowerCase(),
      aspect: 1,
    }));
  });
  const said = [
    'a boy kicks a soccer ball',
    'a man rides a skateboard on a ramp',
    'people ski in the snow',
    'a girl on a swing at the playground',
    'a woman climbing a rock',
    'a surfer rides a wave',
    'two women play tennis',
    'men play basketball',
    'a cyclist on a bike',
    'a dog runs on the grass',
    'a baby laughs',
    'a family at the beach',
    'a motocross rider in the mud',
    'a dog in the water',
    'a clown juggles torches',
    'an accordion player performs downtown',
  ];
  const captioned = said.flatMap((text, kind) =>
    Array.from({ length: 8 }, (_, index) => ({
      id: `x.zip/flickr-${kind}-${index}.jpg`,
      source: 'flickr8k',
      label: null,
      captions: [text, text, text, text, text],
      text,
      aspect: 4 / 3,
    })),
  );
  return [...labelled, ...captioned];
}

const SAMPLE = ['beach', 'car', 'mountain', 'forest', 'city', 'daisies', 'reef', 'sunset'].map(
  (id, index) => ({
    id,
    startMs: index * 6000,
    endMs: (index + 1) * 6000,
  }),
);

describe('planClips', () => {
  let plans: ClipPlan[];
  beforeAll(() => {
    plans = planClips(makePictures(), SAMPLE);
  });

  it('plans enough clips and questions of every kind in both halves, of a minute to four', () => {
    for (const half of ['train', 'test']) {
      const clips = plans.filter(({ truth }) => truth.half === half);
      expect(clips.length).toBeGreaterThanOrEqual(20);
      const kinds = clips.flatMap(({ truth }) => truth.questions.map(({ kind }) => kind));
      expect(kinds.length).toBeGreaterThanOrEqual(60);
      expect(new Set(kinds)).toEqual(new Set(['moment', 'several', 'whole', 'absent']));
    }
    for (const { truth } of plans) {
      expect(truth.durationMs).toBeGreaterThanOrEqual(60_000);
      expect(truth.durationMs).toBeLessThanOrEqual(240_000);
    }
  });

  it('is the same each time', () => {
    expect(JSON.stringify(planClips(makePictures(), SAMPLE))).toBe(JSON.stringify(plans));
  });

  it('shares neither a picture nor a scene of the sample between the halves', () => {
    const used = { train: new Set<string>(), test: new Set<string>() };
    for (const { truth } of plans) {
      for (const { source } of truth.scenes ?? [])
        if (!source.startsWith('empty:')) used[truth.half].add(source);
    }
    expect([...used.train].filter((source) => used.test.has(source))).toEqual([]);
    expect(
      [...used.train, ...used.test].filter((source) => source.startsWith('sample:')).length,
    ).toBeGreaterThan(4);
  });

  it('lays scenes end to end over the whole clip', () => {
    for (const { truth, shotList } of plans) {
      let atMs = 0;
      for (const { startMs, endMs } of truth.scenes ?? []) {
        expect(startMs).toBe(atMs);
        expect(endMs).toBeGreaterThanOrEqual(startMs + 3000);
        atMs = endMs;
      }
      expect(atMs).toBe(truth.durationMs);
      expect(shotList.shots.map(({ startMs }) => startMs)).toEqual(
        truth.scenes?.map(({ startMs }) => startMs),
      );
    }
  });

  it('asks for what scenes show, and nothing else in the clip may show it', () => {
    const text = new Map(makePictures().map((picture) => [picture.id, picture]));
    let checked = 0;
    for (const { truth } of plans) {
      for (const { text: question, spans, kind } of truth.questions) {
        const concept = CONCEPTS.find(({ names }) =>
          names.some((name) => question.includes(name.replace(/^(an?|the) /, ''))),
        );
        const isThing = concept?.names.some((name) => question.replace(/\?$/, '').endsWith(name));
        if (!concept || !isThing) continue;
        for (const { startMs, endMs, source } of truth.scenes ?? []) {
          const isTrue = spans.some((span) => span.startMs <= startMs && endMs <= span.endMs);
          const picture = text.get(source);
          if (!picture || isTrue) continue;
          checked += 1;
          expect(concept.mayShow.test(picture.text), `${truth.id}: ${question}, ${source}`).toBe(false);
        }
        expect(spans.length > 0).toBe(kind !== 'absent');
        if (kind === 'moment') expect(spans).toHaveLength(1);
        if (kind === 'several') expect(spans.length).toBeGreaterThan(1);
        if (kind === 'whole') {
          const shownMs = spans.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
          expect(shownMs).toBeGreaterThan(0.8 * (truth.durationMs ?? Infinity));
        }
      }
    }
    expect(checked).toBeGreaterThan(500);
  });
});

describe('splitHalves', () => {
  it('deals every class to both halves', () => {
    const { train, test } = splitHalves(makePictures());
    expect(Math.abs(train.length - test.length)).toBeLessThan(20);
    const classes = (pictures: readonly Picture[]) => new Set(pictures.map(({ label }) => label));
    expect(classes(train)).toEqual(classes(test));
  });
});

describe('the things that are asked for', () => {
  it.each(CONCEPTS.map((concept) => [concept.names[0]!, concept] as const))(
    '“%s” is never a distractor of itself',
    (name, { mayShow, names, captions, labels }) => {
      expect(captions !== undefined || labels.length > 0, name).toBe(true);
      expect(names.length).toBeGreaterThan(0);
      const bare = name.replace(/^(an?|the|somebody|people) /, '');
      expect(mayShow.test(`a photo of ${bare}`) || mayShow.test(name), name).toBe(true);
    },
  );
});
