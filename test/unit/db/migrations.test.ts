import { readFileSync } from 'node:fs';
import { generateDrizzleJson, generateMigration } from 'drizzle-kit/api';
import { describe, expect, it } from 'vitest';
import { migrations } from '@/lib/db/migrations.generated';
import * as schema from '@/lib/db/schema';
import { renderMigrations } from '@/scripts/bundle-migrations';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

describe('migrations', () => {
  it('lib/db/migrations.generated.ts is what drizzle/ holds (else: npm run db:generate)', () => {
    expect(read('lib/db/migrations.generated.ts')).toBe(renderMigrations());
  });

  it('drizzle/ has every change of lib/db/schema.ts (else: npm run db:generate)', async () => {
    const newest = String(migrations.length - 1).padStart(4, '0');
    const migrated = JSON.parse(read(`drizzle/meta/${newest}_snapshot.json`)) as { id: string };
    // drizzle-kit's types of a snapshot do not resolve outside its own build.
    expect(await generateMigration(migrated as never, generateDrizzleJson(schema, migrated.id))).toEqual([]);
  });
});
