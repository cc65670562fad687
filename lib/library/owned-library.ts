import type { ImportedClip, LibraryNotice } from '@/lib/ports/library';
import type { ClipContent } from '@/lib/ports/sharing';
import { MAX_FRAMES, ROWS_PER_PAGE } from '@/lib/protocol/limits';
import { timedOut, Watchdog, withTimeout } from '@/lib/shared/async';
import { FramesiftError } from '@/lib/shared/errors';
import { ChangeNotices } from './change-notices';
import { isBroken, toStorageError, type DatabaseConnection } from './client';
import type { ClipFiles } from './clip-files';
import type { RunVerb } from './gateway';
import { LibraryVerbs, VERB_NAMES, type VerbName } from './library-verbs';
import { SHARING_VERB_NAMES, SharingVerbs, type SharingVerbName } from './sharing-verbs';
import { Turns } from './turns';

/** Opening unpacks PostgreSQL's files the first time (4 s on a slow machine) and may wait for another tab's files. */
const OPEN_TIMEOUT_MS = 60_000;

/**
 * A batch of 100 frames took 1.4 s at worst on two busy cores; past this a verb is hung, not slow. Counted anew when a verb
 * goes on that let others come first.
 */
const VERB_TIMEOUT_MS = 30_000;

/** A clip comes in whole in one transaction: 8.6 ms a frame on two cores that were building something else as well. */
const IMPORT_MS_PER_FRAME = 20;

/** Closing access handles takes milliseconds; a database that hangs may not answer at all. */
const CLOSE_TIMEOUT_MS = 5_000;

export interface OwnedParts {
  connect: () => Promise<DatabaseConnection>;
  openFiles: () => Promise<ClipFiles>;
  post: (notice: LibraryNotice) => void;
  /** Leaves files without rows where they are, which may be those of another library. */
  keepsStrayFiles: () => Promise<boolean>;
  /** Removes what libraries have left that are gone. */
  sweepOthers: () => Promise<void>;
}

/**
 * Opens the database in this worker and gives what runs verbs on it, one after another.
 *
 * [Note: Giving way] A verb that takes long is not to keep the others waiting: between statements it lets those come first
 * that have come meanwhile, where it has no transaction open and what it has read until then still holds or is read anew.
 * Within a transaction DurablePGlite lets the thread receive messages, so that a page which asks whether this worker is
 * awake hears that it is.
 *
 * [Note: A database that hangs] A verb that does not end in time, or PostgreSQL that trapped in WebAssembly, costs the
 * database: it is closed, opened anew, and the verb runs once more.
 */
export async function openOwnedLibrary({
  connect,
  openFiles,
  post,
  keepsStrayFiles,
  sweepOthers,
}: OwnedParts): Promise<RunVerb> {
  const turns = new Turns();
  /** Of the verb that has the turn. */
  let giveWay: () => Promise<void> = () => Promise.resolve();
  const files = await openFiles();
  const notices = new ChangeNotices(
    (clipId) => run('getClip', [clipId]) as ReturnType<LibraryVerbs['getClip']>,
    (clipId, clip) => post({ type: 'changed', clipId, clip }),
  );
  const open = async () => {
    const connecting = connect();
    const connection = await withTimeout(connecting, OPEN_TIMEOUT_MS, 'The library').catch(
      (error: unknown) => {
        // One that comes late must not keep the files.
        connecting.then((late) => late.close()).catch(() => undefined);
        throw toStorageError(error);
      },
    );
    const onChange = (clipId: string) => notices.note(clipId);
    const verbs: LibraryVerbs = new LibraryVerbs({
      connection,
      files,
      onChange,
      giveWay: () => {
        // A verb that hung has lost its turn.
        if (library?.verbs !== verbs) throw new FramesiftError('worker-lost', 'The library was opened anew.');
        return giveWay();
      },
    });
    return { connection, verbs, sharing: new SharingVerbs({ db: connection.db, files, onChange }) };
  };
  let library: Awaited<ReturnType<typeof open>> | null = await open();

  const run: RunVerb = (verb, args) =>
    turns.run(async (passTurn) => {
      const name = KNOWN_NAMES.find((known) => known === verb);
      if (!name) throw new FramesiftError('internal', `The library has no verb ${JSON.stringify(verb)}.`);
      const limitMs = timeLimitOf(name, args);
      for (let attempt = 1; ; attempt += 1) {
        let watchdog: Watchdog | undefined;
        try {
          library ??= await open();
          const patience = (watchdog = new Watchdog(limitMs, () => timedOut(limitMs, 'The library')));
          const giveOwnWay = async () => {
            patience.stop();
            await passTurn();
            giveWay = giveOwnWay;
            patience.feed();
          };
          giveWay = giveOwnWay;
          return await patience.race(runOn(library, name, args));
        } catch (error) {
          if (library && isBroken(error)) {
            const { connection } = library;
            library = null;
            await withTimeout(connection.close(), CLOSE_TIMEOUT_MS, 'The library').catch(() => undefined);
            if (attempt === 1) continue;
          }
          throw toStorageError(error);
        } finally {
          watchdog?.stop();
        }
      }
    });

  // Nobody waits for tidying up, and a failure of it takes nothing from the library.
  const { verbs } = library;
  void turns
    .run(async () => {
      if (!(await keepsStrayFiles())) await verbs.removeOrphanFiles();
      await sweepOthers();
    })
    .catch(() => undefined);
  return run;
}

const KNOWN_NAMES: readonly (VerbName | SharingVerbName)[] = [...VERB_NAMES, ...SHARING_VERB_NAMES];

async function runOn(
  {
    connection,
    verbs,
    sharing,
  }: { connection: DatabaseConnection; verbs: LibraryVerbs; sharing: SharingVerbs },
  name: VerbName | SharingVerbName,
  args: unknown[],
): Promise<unknown> {
  const isShared = SHARING_VERB_NAMES.some((known) => known === name);
  // The library's own verbs see to it where they write: what is still in memory must be read for a backup.
  if (isShared) await connection.assertKept();
  const target: unknown = isShared ? sharing : verbs;
  return (target as Record<string, (...values: unknown[]) => Promise<unknown>>)[name]!(...args);
}

function timeLimitOf(name: VerbName | SharingVerbName, args: unknown[]): number {
  return VERB_TIMEOUT_MS + rowsIn(name, args) * IMPORT_MS_PER_FRAME;
}

/** Frames that a verb writes at once, for those that write a whole clip. */
function rowsIn(name: VerbName | SharingVerbName, args: unknown[]): number {
  if (name === 'importClip') {
    const { frames, embeddings } = args[0] as ImportedClip;
    return Math.max(frames.length, embeddings.length);
  }
  const rowsOf = (pages: readonly number[] | null) => (pages?.length ?? 0) * ROWS_PER_PAGE;
  if (name === 'adoptClip') return rowsOf(args[2] as readonly number[] | null);
  if (name === 'bringRows') return rowsOf(args[1] as readonly number[]);
  if (name === 'rebaseClip') return rowsOf((args[2] as ClipContent).pages);
  return name === 'partClip' ? MAX_FRAMES : 0;
}
