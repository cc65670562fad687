/** A worker of scripts/bench/stages.ts: rows as large as a frame's, in plain multi-row inserts into PGlite on the same store. */
import { PGlite } from '/packages/@electric-sql/pglite/dist/index.js';

/** Answers with the milliseconds of each transaction of `rows` rows. */
addEventListener('message', async ({ data: { rows, transactions, vectorBytes } }) => {
  try {
    const database = await PGlite.create('opfs-ahp://bare-store', { relaxedDurability: false });
    await database.exec(`
      drop table if exists frames;
      create table frames (
        id text primary key, event_id text not null, frame_index integer not null, timestamp_ms integer not null,
        path text not null, embedding text not null, model_version text not null, created_at timestamptz not null,
        unique (event_id, frame_index))`);
    const ms = [];
    for (let index = 0; index < transactions; index += 1) {
      const values = [];
      for (let row = 0; row < rows; row += 1) {
        const frame = index * rows + row;
        const text = `[${'0.0123456789,'.repeat(vectorBytes / 13).slice(0, -1)}]`;
        values.push(
          crypto.randomUUID(),
          'a',
          frame,
          frame * 1000,
          `frames/${frame}.webp`,
          text,
          'model',
          new Date(),
        );
      }
      const places = Array.from(
        { length: rows },
        (_, row) => `(${Array.from({ length: 8 }, (__, column) => `$${row * 8 + column + 1}`).join()})`,
      );
      const startedMs = performance.now();
      await database.transaction((tx) => tx.query(`insert into frames values ${places.join()}`, values));
      ms.push(performance.now() - startedMs);
    }
    await database.close();
    postMessage({ ms });
  } catch (error) {
    postMessage({ error: String(error) });
  }
});
