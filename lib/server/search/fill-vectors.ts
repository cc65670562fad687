import type { ClientBase } from 'pg';
import { EMBEDDING_DIMENSION } from '@/lib/shared/embedding-dimension';
import { embeddingFromJson } from '@/lib/shared/embedding-json';
import { vectorField } from '../copy-binary';
import { inTransaction } from '../transaction';

/*
 * `frame_vectors` says again what `frame_embeddings` says. A commit writes both; a server that is older than the table, which may
 * serve on while a library is brought up to date, writes the second alone. So whoever finds vectors missing fills them in.
 */

/** Vectors that are written with one statement. */
const VECTORS_AT_ONCE = 500;

/** Clips of the library that is first in the search path which lack vectors. */
export async function findUnfilledClips(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ event_id: string }>(
    `select c.event_id from clips c
     where c.vectors > (select count(*) from frame_vectors v where v.event_id = c.event_id) order by c.event_id`,
  );
  return rows.map(({ event_id }) => event_id);
}

/** Fills in what a clip lacks, in a transaction that holds off every change of the clip. */
export async function fillVectors(client: ClientBase, clip: string): Promise<void> {
  await inTransaction(client, async () => {
    await client.query('select 1 from clips where event_id = $1 for share', [clip]);
    for (let after = -1; ;) {
      const { rows } = await client.query<{ frame_index: number; model_version: string; embedding: string }>(
        `select e.frame_index, e.model_version, e.embedding from frame_embeddings e
         where e.event_id = $1 and e.frame_index > $2 and not exists
           (select 1 from frame_vectors v where v.event_id = e.event_id and v.frame_index = e.frame_index)
         order by e.frame_index limit $3`,
        [clip, after, VECTORS_AT_ONCE],
      );
      const last = rows.at(-1);
      if (!last) return;
      await client.query(
        `insert into frame_vectors (event_id, frame_index, model_version, vector)
         select $1, * from unnest($2::integer[], $3::text[], $4::bytea[])
         on conflict (event_id, frame_index) do nothing`,
        [
          clip,
          rows.map(({ frame_index }) => frame_index),
          rows.map(({ model_version }) => model_version),
          rows.map(({ embedding }) => vectorField(embeddingFromJson(embedding, EMBEDDING_DIMENSION))),
        ],
      );
      after = last.frame_index;
    }
  });
}
