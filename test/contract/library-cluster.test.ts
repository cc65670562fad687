import { setTimeout } from 'node:timers/promises';
import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { databaseAt } from '@/lib/server/database-address';
import { findFaults } from '@/lib/server/inspect-workspace';
import { schemaOf } from '@/lib/server/names';
import { pushClip } from '@/lib/sync/push-clip';
import { Refusal } from '@/lib/sync/refusal';
import { openGivenDatabase } from '../support/given-database';
import { makeClip, startTestServer } from '../support/library-server';
import { describeLibrary } from './library-contract';

/*
 * The contract on a cluster of Citus: the address is that of its coordinator, with a role that makes schemas and roles. Where
 * none is given all of this is skipped, which the names of the tests say.
 */

const ADDRESS = process.env.FRAMESIFT_CITUS_URL ?? '';

const start = async () =>
  startTestServer({
    database: await openGivenDatabase(ADDRESS, { needsCitus: true }),
    isDistributed: true,
  });

describe.skipIf(ADDRESS === '')(
  ADDRESS === '' ? 'a library on Citus (FRAMESIFT_CITUS_URL names no cluster)' : 'a library on Citus',
  () => {
    describeLibrary(start);
  },
);

/** Asks again where the server is away for a moment, as a device does. */
async function untilTaken(push: () => Promise<unknown>): Promise<void> {
  for (let attempt = 1; ; attempt += 1)
    try {
      await push();
      return;
    } catch (error) {
      if (!(error instanceof Refusal && error.isTransient) || attempt === 30) throw error;
      await setTimeout(error.retryAfterMs ?? 1000);
    }
}

/** A node that keeps tables. */
interface WorkerNode {
  nodename: string;
  nodeport: number;
}

describe.skipIf(ADDRESS === '')(
  ADDRESS === '' ? 'where a library lies (FRAMESIFT_CITUS_URL names no cluster)' : 'where a library lies',
  () => {
    it('is one node, and it moves to another while devices write', async ({ skip }) => {
      const test = await start();
      const owner = new Client(databaseAt(ADDRESS));
      await owner.connect();
      try {
        const yard = await test.makeWorkspace('Yard');
        const nodesOf = async () => {
          const { rows } = await owner.query<WorkerNode>(
            `select distinct nodename, nodeport from citus_shards
             where table_name in (select oid::regclass from pg_class where relnamespace = $1::regnamespace)`,
            [schemaOf(yard.id)],
          );
          return rows;
        };
        const [home, ...others] = await nodesOf();
        expect(others).toEqual([]);
        const { rows: nodes } = await owner.query<WorkerNode>(
          `select nodename, nodeport from pg_dist_node where isactive and shouldhaveshards and noderole = 'primary'`,
        );
        const target = nodes.find(
          ({ nodename, nodeport }) => nodename !== home?.nodename || nodeport !== home.nodeport,
        );
        if (!target) return skip('The cluster has one node that keeps tables: nowhere to move to.');
        const { client } = await test.makeDevice(yard);
        const end = new AbortController();
        let written = 0;
        const writing = (async () => {
          while (!end.signal.aborted) {
            const clip = await makeClip();
            await untilTaken(() => pushClip(client, clip));
            written += 1;
          }
        })();
        await owner.query('select citus_schema_move($1::regnamespace, $2, $3)', [
          schemaOf(yard.id),
          target.nodename,
          target.nodeport,
        ]);
        end.abort();
        await writing;
        expect(await nodesOf()).toEqual([target]);
        const { changes } = await client.changes(0);
        expect(changes.map(({ change }) => change)).toEqual(Array.from({ length: written }, (_, i) => i + 1));
        await test.administer(async (administration) =>
          expect(await findFaults(administration.client, yard.id)).toEqual([]),
        );
      } finally {
        await owner.end();
        await test.stop();
      }
    });
  },
);
