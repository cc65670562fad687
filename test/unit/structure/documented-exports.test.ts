import { describe, expect, it } from 'vitest';
import { problemsOfRooms, readExports } from '@/scripts/documented-exports';

describe('exports of lib/ports and lib/core', () => {
  it('have docblocks, and ports hold nothing that runs', () => {
    expect(problemsOfRooms()).toEqual([]);
  });

  it.each([
    ['an interface', 'export interface Library {}', ['x.ts:1 Library']],
    ['a function', '\nexport function open() {}', ['x.ts:2 open']],
    ['a constant', 'export const LIMIT = 1;', ['x.ts:1 LIMIT']],
    ['a method', '/** A store. */\nexport class Store {\n  get() {}\n}', ['x.ts:3 Store.get']],
    ['nothing that has one', '/** What it is. */\nexport type Id = string;', []],
    ['nothing that is not exported', 'interface Entry {}', []],
  ])('are found where %s has none', (_, text, undocumented) => {
    expect(readExports('x.ts', text).undocumented).toEqual(undocumented);
  });

  it('are told from types where they would run', () => {
    const text =
      "import type { A } from './a';\nimport { b } from './b';\nexport const c = 1;\nexport type { A } from './a';";
    expect(readExports('x.ts', text).running).toEqual(['x.ts:2 ImportDeclaration', 'x.ts:3 c']);
  });
});
