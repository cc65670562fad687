import type { ChangesAnswer, ClipChange } from '@/lib/protocol/clips';
import { combineStates, EMPTY_STATE, stateOfClip } from '@/lib/protocol/digests';
import type { LibraryClient } from './library-client';
import type { Notice } from './notices';
import { pullClip } from './pull-clip';
import { pushClip } from './push-clip';
import { Refusal } from './refusal';
import { settle } from './settle';
import type { KnownClip, LocalClip, PendingChange, Position, SyncStore } from './sync-store';

/** What a device needs to go through its library once. */
export interface SyncOptions {
  client: LibraryClient;
  store: SyncStore;
  /** The model whose vectors are preferred; null for none. */
  model: string | null;
  /** Whether rows of clips come here, or the list of clips alone. Rows that are here are kept up to date in any case. */
  holding?: 'copies' | 'list';
  /** Makes an id. */
  newRevision: () => string;
  /** Given a notice before what it tells of is stored: one that is told again is the same. */
  tell: (notice: Notice) => Promise<void>;
  /** Told how many rows are to be sent or read, before the first of them. */
  expect?: (direction: Direction, rows: number) => void;
}

/** Which way rows go. */
type Direction = 'sending' | 'receiving';

/** Times that a change is settled anew before it waits for the next round: others may be faster each time. */
const MOST_ATTEMPTS = 10;

/**
 * Sends what this device changed, then takes what others did. It may be interrupted anywhere and run again: what was done is
 * done. Rejects with what the request that failed gave; the caller tries again later.
 */
export async function syncLibrary(options: SyncOptions): Promise<void> {
  const waiting = await options.store.pending();
  await expectToSend(options, waiting);
  let refused: Refusal | null = null;
  for (const pending of waiting)
    try {
      await sendChange(options, pending);
    } catch (error) {
      // A clip that the library does not take must not hold up the others.
      if (!(error instanceof Refusal) || !isAboutClip(error)) throw error;
      refused = error;
    }
  await readChanges(options);
  if (refused) throw refused;
}

/** Whether a refusal is of what was sent, and neither of this device nor of this moment. */
function isAboutClip({ isTransient, problem }: Refusal): boolean {
  return !isTransient && problem.status !== 401 && problem.status !== 403;
}

async function expectToSend(
  { store, expect }: SyncOptions,
  waiting: readonly PendingChange[],
): Promise<void> {
  let rows = 0;
  for (const { clip, kind } of waiting) if (kind === 'rows') rows += (await store.find(clip))?.frames ?? 0;
  if (rows > 0) expect?.('sending', rows);
}

async function expectToRead(options: SyncOptions, changes: readonly ClipChange[]): Promise<void> {
  const { store, expect } = options;
  let rows = 0;
  for (const { clip, state, digest, frames } of changes) {
    if (state !== 'live') continue;
    const local = await store.find(clip);
    if (local?.digest !== digest && !isListed(options, local)) rows += frames;
  }
  if (rows > 0) expect?.('receiving', rows);
}

async function sendChange(options: SyncOptions, first: PendingChange): Promise<void> {
  const { store } = options;
  let pending: PendingChange | null = first;
  for (let attempt = 0; pending && attempt < MOST_ATTEMPTS; attempt += 1) {
    const local = await store.find(pending.clip);
    // Deleted here before the library ever had it.
    if (!local) return;
    try {
      await send(options, local, pending);
      return;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      pending = await afterRefusal(options, pending, error);
    }
  }
}

async function send({ client, store }: SyncOptions, local: LocalClip, pending: PendingChange): Promise<void> {
  const { clip, event, details, digest } = local;
  const { revision, kind } = pending;
  const base = local.known?.revision ?? null;
  if (kind === 'rows') {
    const pages = await store.pages(clip);
    const { frames, pictures } = pages;
    const request = { kind, base, event, details, frames, pictures, digest };
    await pushClip(client, { clip, revision, request, ...pages });
  } else {
    await client.putRevision(
      clip,
      revision,
      kind === 'edit' ? { kind, base, event, details } : { kind, base },
    );
  }
  const isEnding = kind === 'delete' || kind === 'unshare';
  await store.markSent(pending, isEnding ? null : { revision, digest, event });
}

/** What is to be sent next of a change that was refused; null for nothing. Throws the refusal where it means something else. */
async function afterRefusal(
  options: SyncOptions,
  pending: PendingChange,
  refusal: Refusal,
): Promise<PendingChange | null> {
  const { type, current } = refusal.problem;
  if (type === 'changed-meanwhile' && current) {
    // Where it is changed once more while it is read, the same is sent again and refused with what it is then.
    return unlessReplaced(() => meet(options, current, pending, null), pending);
  }
  // Other pages came under this revision, or it asks for some that are not its own: it cannot be completed any more.
  if (type === 'page-differs' || type === 'incomplete') {
    const { revision, earlier } = pending;
    const renewed = { ...pending, revision: options.newRevision(), earlier: [...earlier, revision] };
    await options.store.renew(renewed);
    return renewed;
  }
  // A library that was restored from a backup does not have the clip.
  if (type !== 'unknown' && type !== 'changed-meanwhile') throw refusal;
  if (pending.kind === 'delete' || pending.kind === 'unshare') {
    await options.store.markSent(pending, null);
    return null;
  }
  return shareAgain(options, pending.clip);
}

/** Null where nothing of the clip is here that could be shared: it goes here too. */
async function shareAgain({ store, newRevision }: SyncOptions, clip: string): Promise<PendingChange | null> {
  if ((await store.find(clip))?.isAway) {
    await store.adopt(endOf(clip), null, null);
    return null;
  }
  const pending: PendingChange = { clip, revision: newRevision(), kind: 'rows', earlier: [] };
  await store.shareAgain(pending);
  return pending;
}

/** What the library would say of a clip that it has lost. */
function endOf(clip: string): ClipChange {
  return {
    clip,
    revision: '',
    change: 0,
    state: 'deleted',
    frames: 0,
    pictures: 0,
    digest: '',
    device: '',
    at: new Date(0).toISOString(),
    event: null,
    details: null,
  };
}

/** Whether rows of a clip stay in the library. */
function isListed({ holding }: SyncOptions, local: LocalClip | null): boolean {
  return holding === 'list' && (!local || local.isAway);
}

/** Brings a clip that the library has together with the one that is here. Returns what is left to send. */
async function meet(
  options: SyncOptions,
  theirs: ClipChange,
  pending: PendingChange | null,
  position: Position | null,
): Promise<PendingChange | null> {
  const { store, model, newRevision, tell } = options;
  const local = await store.find(theirs.clip);
  if (!pending || !local) {
    if (local?.known && theirs.state !== 'live' && local.hasVideo) {
      const kind = theirs.state === 'unshared' ? 'unshared' : 'deleted';
      const { clip } = theirs;
      await tell({
        kind,
        clip,
        copy: clip,
        who: theirs.device,
        name: local.event.description,
        hasVideo: true,
      });
    }
    await adopt(options, local, theirs, position);
    return null;
  }
  const known = knownOf(local, pending, theirs);
  const settlement = settle({ local, known, pending }, theirs, { model, newId: newRevision });
  for (const notice of settlement.notices) await tell(notice);
  let left: PendingChange | null = null;
  if (settlement.then === 'adopt') await adopt(options, local, theirs, position);
  else if (settlement.then === 'part') await store.part(theirs.clip, settlement.copy, position);
  else {
    const { event, details, kind, takesRows } = settlement;
    const pages = takesRows ? await pull(options, theirs) : null;
    left = { clip: theirs.clip, revision: newRevision(), kind, earlier: [] };
    // What has ended there has no columns; its revision is all that counts then.
    const base = { ...theirs, event: theirs.event ?? event, details: theirs.details ?? details };
    await store.rebase(base, { event, details, pages }, left, position);
  }
  return left;
}

/** What the change was made of. Where the library has an earlier sending of this very device, it was made of that. */
function knownOf(local: LocalClip, pending: PendingChange, theirs: ClipChange): KnownClip | null {
  if (!theirs.event || ![...pending.earlier, pending.revision].includes(theirs.revision)) return local.known;
  return { revision: theirs.revision, digest: theirs.digest, event: theirs.event };
}

/** Takes a clip as it is there; its rows only where they are others. */
async function adopt(
  options: SyncOptions,
  local: LocalClip | null,
  theirs: ClipChange,
  position: Position | null,
): Promise<void> {
  const { store } = options;
  const isNew = theirs.state === 'live' && theirs.digest !== local?.digest;
  if (isNew && isListed(options, local)) return store.list(theirs, position);
  await store.adopt(theirs, isNew ? await pull(options, theirs) : null, position);
}

/** Reads a clip's rows and keeps them. Returns the pages that it has. */
function pull({ client, store }: SyncOptions, theirs: ClipChange): Promise<number[]> {
  return pullClip(client, theirs, (page) => store.keepPage(theirs, page));
}

async function readChanges(options: SyncOptions): Promise<void> {
  const { client, store } = options;
  const { after, epoch } = await store.position();
  const isFirst = epoch === null;
  let answer = await client.changes(after);
  if (!isFirst && (answer.epoch !== epoch || answer.next < after)) return compareAll(options);
  for (;;) {
    await expectToRead(options, answer.changes);
    for (const change of answer.changes) await takeChange(options, change, answer);
    await store.moveTo({ after: answer.next, epoch: answer.epoch });
    if (!answer.more) break;
    answer = await client.changes(answer.next);
  }
  if ((await store.pending()).length === 0 && (await stateOf(store)) !== answer.state)
    await compareAll(options);
}

async function takeChange(options: SyncOptions, change: ClipChange, { epoch }: ChangesAnswer): Promise<void> {
  const { store } = options;
  const position = { after: change.change, epoch };
  const local = await store.find(change.clip);
  if (local?.known?.revision === change.revision) return store.moveTo(position);
  const pending = await store.pendingOf(change.clip);
  // Where it has changed again since this answer, it comes again later in the feed.
  await unlessReplaced(() => meet(options, change, pending, position), pending);
}

/** What `work` gives, or `otherwise` where a clip was replaced while it was read. */
async function unlessReplaced<T>(work: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal && error.problem.type === 'revision-replaced') return otherwise;
    throw error;
  }
}

/** Compares every clip with the library's, and shares anew what it does not have: a backup was restored, or something was missed. */
async function compareAll(options: SyncOptions): Promise<void> {
  const { client, store } = options;
  const listed = new Set<string>();
  let answer: ChangesAnswer;
  let after = 0;
  do {
    answer = await client.changes(after);
    for (const change of answer.changes) {
      listed.add(change.clip);
      await takeChange(options, change, answer);
    }
    after = answer.next;
  } while (answer.more);
  await store.moveTo({ after, epoch: answer.epoch });
  const lost = (await store.known()).filter(({ clip }) => !listed.has(clip));
  for (const { clip } of lost) {
    const pending = await shareAgain(options, clip);
    if (pending) await sendChange(options, pending);
  }
}

/** The state of the library as this device knows it. */
async function stateOf(store: SyncStore): Promise<string> {
  const states = await Promise.all(
    (await store.known()).map(({ clip, revision }) => stateOfClip(clip, revision)),
  );
  return combineStates(EMPTY_STATE, ...states);
}
