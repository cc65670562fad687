import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineScores, type TermScores } from '@/lib/query/combine';

/** A text that a calibrated model rates; its cosines are of no account then. */
function rated(weight: number, ...likelihoods: number[]): TermScores {
  return {
    weight,
    cosines: Float32Array.from(likelihoods, (likelihood) => likelihood / 2),
    likelihoods: Float32Array.from(likelihoods),
    isPicture: false,
  };
}

/** A text or a picture that nobody has rated. */
function unrated(weight: number, isPicture: boolean, ...cosines: number[]): TermScores {
  return { weight, cosines: Float32Array.from(cosines), likelihoods: null, isPicture };
}

const text = (weight: number, ...cosines: number[]) => unrated(weight, false, ...cosines);
const picture = (weight: number, ...cosines: number[]) => unrated(weight, true, ...cosines);

/** Rows, best first. */
function ranking(alternatives: TermScores[][]): number[] {
  const { scores } = combineScores(alternatives);
  return Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
}

describe('combineScores', () => {
  it('leaves one text as it is', () => {
    const term = rated(1, 0.2, 0.9, 0.01);
    const { scores, likelihoods } = combineScores([[term]]);
    expect(scores).toEqual(term.cosines);
    expect(likelihoods).toEqual(term.likelihoods);
    expect(scores.buffer).not.toBe(term.cosines.buffer);
  });

  it('leaves one picture as it is', () => {
    expect(combineScores([[picture(2, 0.5, 0.95)]])).toEqual({
      scores: Float32Array.of(0.5, 0.95),
      likelihoods: null,
    });
  });

  it.each<[string, TermScores[][], number[]]>([
    ['both at once', [[rated(1, 0.9, 0.9, 0.1), rated(1, 0.1, 0.4, 0.9)]], [0.3, 0.6, 0.3]],
    ['the second twice as much', [[rated(1, 0.8, 0.1), rated(2, 0.1, 0.8)]], [0.2, 0.4]],
    ['the first without the second', [[rated(1, 0.8, 0.8, 0.1), rated(-1, 0, 0.9, 0)]], [0.8, 0.08, 0.1]],
    ['without it, and that twice', [[rated(1, 0.8, 0.8), rated(-2, 0.5, 0.9)]], [0.2, 0.008]],
    ['any of two', [[rated(1, 0.9, 0.1, 0.2)], [rated(3, 0.1, 0.8, 0.3)]], [0.9, 0.8, 0.3]],
    ['any of, composed', [[rated(1, 0.9, 0.4)], [rated(1, 0.5, 0.9), rated(-1, 0, 0.1)]], [0.9, 0.81]],
  ])('%s', (_, alternatives, expected) => {
    const { scores, likelihoods } = combineScores(alternatives);
    expect(likelihoods).toEqual(scores);
    Array.from(scores).forEach((score, row) => expect(score).toBeCloseTo(expected[row]!, 4));
  });

  it('is rated only where every term is', () => {
    expect(combineScores([[rated(1, 0.9, 0.1), picture(1, 0.5, 0.9)]]).likelihoods).toBeNull();
    expect(combineScores([[rated(1, 0.9, 0.1)], [text(1, 0.3, 0.1)]]).likelihoods).toBeNull();
  });

  it('survives certainties', () => {
    const { scores } = combineScores([[rated(1, 1, 0, 1), rated(-100, 0, 1, 1)]]);
    expect(scores[0]).toBeCloseTo(1, 3);
    expect([scores[1], scores[2]]).toEqual([0, 0]);
  });

  it.each<[string, TermScores[][]]>([
    ['no alternative', []],
    ['nothing that is wanted', [[rated(1, 0.5)], [rated(-1, 0.5)]]],
    ['other numbers of frames', [[rated(1, 0.5), rated(1, 0.5, 0.5)]]],
    ['a weight that is none', [[rated(1, 0.5), rated(NaN, 0.5)]]],
  ])('refuses %s', (_, alternatives) => {
    expect(() => combineScores(alternatives)).toThrow(RangeError);
  });

  it('takes a clip without frames', () => {
    expect(combineScores([[rated(1), text(1), picture(-1)]])).toEqual({
      scores: new Float32Array(),
      likelihoods: null,
    });
  });
});

describe('where the model is not calibrated', () => {
  // 16 frames; "sea" shows in the last four, "sunset" in the last two, "dog" nowhere.
  const sea = [0.21, 0.2, 0.22, 0.19, 0.2, 0.21, 0.18, 0.2, 0.21, 0.2, 0.19, 0.2, 0.32, 0.31, 0.33, 0.32];
  const sunset = [0.18, 0.19, 0.18, 0.2, 0.19, 0.18, 0.19, 0.2, 0.18, 0.19, 0.18, 0.19, 0.2, 0.19, 0.31, 0.3];
  const dog = [0.2, 0.21, 0.19, 0.2, 0.21, 0.2, 0.19, 0.2, 0.2, 0.19, 0.21, 0.2, 0.21, 0.19, 0.2, 0.19];

  it('finds what both texts fit', () => {
    expect(ranking([[text(1, ...sea), text(1, ...sunset)]]).slice(0, 2)).toEqual([14, 15]);
  });

  it('takes a scene away', () => {
    expect(ranking([[text(1, ...sea), text(-1, ...sunset)]]).slice(0, 2)).toEqual([12, 13]);
  });

  it('keeps the order where the negative is nowhere', () => {
    const best = ranking([[text(1, ...sea), text(-1, ...dog)]]).slice(0, 4);
    expect(best.sort((a, b) => a - b)).toEqual([12, 13, 14, 15]);
  });

  it('finds either of two texts', () => {
    const flat = [...dog];
    flat[3] = 0.33;
    expect(
      ranking([[text(1, ...sunset)], [text(1, ...flat)]])
        .slice(0, 3)
        .sort((a, b) => a - b),
    ).toEqual([3, 14, 15]);
  });

  it('takes frames that are all alike', () => {
    const alike = Array<number>(5).fill(0.25);
    const { scores } = combineScores([[text(1, ...alike), text(-1, ...alike)]]);
    expect(new Set(scores).size).toBe(1);
    expect(scores[0]).toBeGreaterThan(0);
  });
});

describe('pictures among the terms', () => {
  // Ten frames of other scenes, then three of the picture's.
  const likeness = [0.1, 0.2, 0.15, 0.05, 0.3, 0.2, 0.1, 0, 0.25, 0.1, 0.9, 0.95, 0.92];
  const car = [0.7, 0.8, 0.05, 0.01, 0.02, 0.01, 0.02, 0.01, 0.02, 0.01, 0.75, 0.85, 0.7];

  it('frames like the picture are taken away', () => {
    expect(ranking([[rated(1, ...car), picture(-1, ...likeness)]]).slice(0, 2)).toEqual([1, 0]);
  });

  it('frames like the picture are found beside the words', () => {
    const best = ranking([[rated(1, ...car)], [picture(1, ...likeness)]]).slice(0, 5);
    expect(best.sort((a, b) => a - b)).toEqual([0, 1, 10, 11, 12]);
  });

  it('what counts as alike depends on how alike the model finds other frames', () => {
    const cars = [0.8, 0.7, ...Array<number>(9).fill(0.01)];
    const others = Array<number>(9);
    // Parts of a picture find their frame at 0.75 where other frames lie near 0.1 …
    const part = picture(-1, 0.75, 0.1, ...others.fill(0.1));
    expect(ranking([[rated(1, ...cars), part]])[0]).toBe(1);
    // … and where they lie near 0.75 themselves, that says nothing.
    const crowded = picture(-1, 0.75, 0.7, ...others.fill(0.72));
    expect(ranking([[rated(1, ...cars), crowded]])[0]).toBe(0);
  });

  it('a picture of something else leaves the order as it is', () => {
    const elsewhere = [0.1, 0.2, 0.3, 0.25, 0.05, 0.1, 0.2, 0.3, 0.15, 0.1, 0.25, 0.2, 0.3];
    expect(ranking([[rated(1, ...car), picture(-1, ...elsewhere)]]).slice(0, 5)).toEqual(
      ranking([[rated(1, ...car)]]).slice(0, 5),
    );
  });
});

const FRAMES = 6;
const grid = fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100);
const numbers = fc.array(grid, { minLength: FRAMES, maxLength: FRAMES });
const weight = fc.constantFrom(0.5, 1, 2, 5);
const anyTerm = fc
  .tuple(weight, numbers, numbers, fc.constantFrom<'rated' | 'text' | 'picture'>('rated', 'text', 'picture'))
  .map(([size, cosines, likelihoods, kind]): TermScores => ({
    weight: size,
    cosines: Float32Array.from(cosines),
    likelihoods: kind === 'rated' ? Float32Array.from(likelihoods) : null,
    isPicture: kind === 'picture',
  }));

/** Frames that are ahead of one. */
function ahead(scores: Float32Array, row: number): number {
  return scores.filter((score) => score > scores[row]!).length;
}

describe('properties', () => {
  it('gives finite scores from 0 to 1, the same for the same input, and leaves the input alone', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyTerm, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
        (alternatives) => {
          const before = structuredClone(alternatives);
          const { scores } = combineScores(alternatives);
          expect(scores.every((score) => score >= 0 && score <= 1)).toBe(true);
          expect(combineScores(alternatives).scores).toEqual(scores);
          expect(alternatives).toEqual(before);
        },
      ),
    );
  });

  it('more weight on a term never lowers the rank of the frame that fits it best', () => {
    fc.assert(
      fc.property(
        anyTerm,
        fc.array(anyTerm, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(1.5, 2, 10),
        (term, others, factor) => {
          const fits = term.likelihoods ?? term.cosines;
          const best = fits.indexOf(Math.max(...fits));
          const heavier = { ...term, weight: term.weight * factor };
          expect(ahead(combineScores([[heavier, ...others]]).scores, best)).toBeLessThanOrEqual(
            ahead(combineScores([[term, ...others]]).scores, best),
          );
        },
      ),
    );
  });

  it('a negative that is as likely in every frame changes no order', () => {
    fc.assert(
      fc.property(numbers, grid, weight, (likelihoods, everywhere, size) => {
        const wanted = rated(1, ...likelihoods);
        const nowhere = rated(-size, ...Array<number>(FRAMES).fill(Math.min(0.9, everywhere)));
        expect(ranking([[wanted, nowhere]])).toEqual(ranking([[wanted]]));
      }),
    );
  });

  it('the order of terms and of alternatives does not matter', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(anyTerm, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
        (alternatives) => {
          const mirrored = alternatives.map((terms) => terms.toReversed()).toReversed();
          const { scores } = combineScores(alternatives);
          combineScores(mirrored).scores.forEach((score, row) => expect(score).toBeCloseTo(scores[row]!, 6));
        },
      ),
    );
  });

  it('one more alternative never lowers a frame’s score among rated terms', () => {
    const ratedTerms = fc.array(
      fc.tuple(weight, numbers).map(([size, likelihoods]) => rated(size, ...likelihoods)),
      { minLength: 2, maxLength: 3 },
    );
    fc.assert(
      fc.property(ratedTerms, ratedTerms, (one, other) => {
        const { scores } = combineScores([one]);
        combineScores([one, other]).scores.forEach((score, row) =>
          expect(score).toBeGreaterThanOrEqual(scores[row]!),
        );
      }),
    );
  });
});
