import { describe, expect, it } from 'vitest';
import { describeMisfit, z } from '@/lib/shared/zod';

describe('describeMisfit', () => {
  const schema = z.strictObject({
    name: z.string().min(2).max(4),
    frames: z.array(z.object({ index: z.int().nonnegative() })),
    kind: z.enum(['a', 'b']).optional(),
    share: z.number().gt(0).lt(1).optional(),
    factor: z
      .number()
      .refine((factor) => factor === 1, 'is not 1')
      .optional(),
  });
  const sound = { name: 'abc', frames: [{ index: 0 }] };

  it.each<[unknown, string]>([
    [{ frames: [] }, '“name” is missing'],
    [{ ...sound, name: 3 }, '“name” must be a text'],
    [{ ...sound, name: 'a' }, '“name” is too short'],
    [{ ...sound, name: 'abcde' }, '“name” is too long'],
    [{ ...sound, frames: {} }, '“frames” must be a list'],
    [{ ...sound, frames: [{}] }, '“frames.0.index” is missing'],
    [{ ...sound, frames: [{ index: 0.5 }] }, '“frames.0.index” must be a whole number'],
    [{ ...sound, frames: [{ index: -1 }] }, '“frames.0.index” must be at least 0'],
    [{ ...sound, kind: 'c' }, '“kind” must be a or b'],
    [{ ...sound, share: 0 }, '“share” must be more than 0'],
    [{ ...sound, share: 1 }, '“share” must be less than 1'],
    [{ ...sound, factor: 2 }, '“factor” is not 1'],
    [{ ...sound, other: 1 }, 'the whole of it must not have “other”'],
    ['text', 'the whole of it must be an object'],
  ])('says of %j: %s', (value, sentence) => {
    expect(describeMisfit(schema.safeParse(value).error!)).toBe(sentence);
  });
});
