import { describe, expect, it } from 'vitest';
import { objectionsTo } from '../../support/distributed-rules';

const keys = new Map([['clips', ['event_id']]]);

describe('what a distributed engine would not take', () => {
  it.each([
    ['a schema', 'select * from framesift.tokens', /names a schema/],
    ['a schema of a write', 'delete from other.clips', /names a schema/],
    ['a sequence', `insert into clips (event_id) values (nextval('n'))`, /sequences/],
    ['the time', 'update clips set committed_at = now()', /now\(\) in a write/],
    [
      'the time by its keyword',
      'update clips set committed_at = current_timestamp',
      /current time in a write/,
    ],
    ['a made id', 'insert into clips (event_id) values (gen_random_uuid())', /in a write/],
    [
      'a subquery among values',
      'insert into clips (event_id) values ((select 1))',
      /subquery among the values/,
    ],
    [
      'a conflict that is not of the key',
      'insert into clips (a) values (1) on conflict (a) do nothing',
      /primary key/,
    ],
    [
      'a key that is set',
      'insert into clips (event_id) values (1) on conflict (event_id) do update set event_id = excluded.event_id',
      /sets event_id/,
    ],
    ['a temporary table', 'create temporary table t (a integer)', /temporary/],
    ['a definition', 'create index i on clips (a)', /coordinator/],
    ['a block', 'do $$ begin end $$', /coordinator/],
    ['listening', 'listen changes', /listening/],
    ['a table lock', 'lock table clips', /table locks/],
    ['an advisory lock', 'select pg_advisory_xact_lock(1)', /advisory/],
    ['a second statement', 'select 1; listen changes', /listening/],
  ])('%s is found', async (_, sql, reason) => {
    expect((await objectionsTo(sql, { keys })).join('; ')).toMatch(reason);
  });

  it.each([
    ['a serial column', 'create table t (a bigserial primary key)', /sequences/],
    ['an identity', 'create table t (a integer generated always as identity)', /sequences/],
    ['a foreign key that leads out', 'create table t (a text references other.events (id))', /foreign key/],
    ['a trigger', 'create trigger t before insert on clips execute function f()', /triggers/],
    ['a rule', 'create rule r as on insert to clips do nothing', /rules/],
  ])('%s of the owner is found', async (_, sql, reason) => {
    expect((await objectionsTo(sql, { keys, isOwner: true })).join('; ')).toMatch(reason);
  });

  it.each([
    'select now()',
    'insert into clips (event_id) values ($1) on conflict (event_id) do update set a = excluded.a',
    'insert into clips (event_id) select revision from pushes where a = $1 on conflict do nothing',
    'begin',
    'copy push_rows (event_id, embedding) from stdin (format binary)',
  ])('%s is taken', async (sql) => {
    expect(await objectionsTo(sql, { keys })).toEqual([]);
  });
});
