import type { ClipChange, ClipDetails, EventColumns } from '@/lib/protocol/clips';
import type { Notice } from './notices';
import type { KnownClip, LocalClip, PendingChange } from './sync-store';

/** What becomes of a change of this device when the library has another revision of its clip. */
export type Settlement = { notices: Notice[] } & (
  | { then: 'adopt' }
  | { then: 'part'; copy: string }
  | {
      then: 'send';
      kind: PendingChange['kind'];
      event: EventColumns;
      details: ClipDetails;
      takesRows: boolean;
    }
);

/** Columns of `events` that come of reading the video. The others are what people say of a clip. */
const READING_COLUMNS = ['frame_count_used', 'frame_timestamps'] as const;

/**
 * [Note: Conflicts] The first to commit wins, field by field; a deletion wins over all. Of two readings the one with the
 * library's model is kept, and otherwise the first.
 *
 * @param known what this device took for the library's when it made its change
 * @param options.model the library's; null where it has none
 * @param options.newId makes an id
 */
export function settle(
  { local, known, pending }: { local: LocalClip; known: KnownClip | null; pending: PendingChange },
  theirs: ClipChange,
  { model, newId }: { model: string | null; newId: () => string },
): Settlement {
  const { clip } = local;
  const who = theirs.device;
  const isEnding = pending.kind === 'delete' || pending.kind === 'unshare';
  if (theirs.state !== 'live' || !theirs.event || !theirs.details) {
    if (isEnding) return { then: 'adopt', notices: [] };
    // Shared anew by a person here, after it had ended there.
    if (known === null && pending.kind === 'rows' && pending.earlier.length === 0) {
      const { event, details } = local;
      return { then: 'send', kind: 'rows', event, details, takesRows: false, notices: [] };
    }
    const kind = theirs.state === 'unshared' ? 'unshared' : 'deleted';
    const copy = newId();
    return { then: 'part', copy, notices: [{ kind, clip, copy, who, name: local.event.description }] };
  }
  if (isEnding) {
    const { event, details } = theirs;
    return { then: 'send', kind: pending.kind, event, details, takesRows: false, notices: [] };
  }

  const isReadHere = pending.kind === 'rows' && theirs.digest !== local.digest;
  const isReadThere = theirs.digest !== known?.digest;
  const isOursPreferred =
    model !== null && local.details.model_version === model && theirs.details.model_version !== model;
  const areRowsOurs = isReadHere && (!isReadThere || isOursPreferred);
  const { event, notices } = mergeEvents(local, known, theirs.event, who);
  for (const column of READING_COLUMNS)
    Object.assign(event, { [column]: (areRowsOurs ? local.event : theirs.event)[column] });
  if (areRowsOurs)
    return { then: 'send', kind: 'rows', event, details: local.details, takesRows: false, notices };
  if (isReadHere)
    notices.push({ kind: 'read-again', clip, who, model: theirs.details.model_version ?? 'another model' });
  if (isSame(event, theirs.event)) return { then: 'adopt', notices };
  const takesRows = theirs.digest !== local.digest;
  return { then: 'send', kind: 'edit', event, details: theirs.details, takesRows, notices };
}

/** Each column as the one has it who changed it; theirs where both did, and a notice of ours. */
function mergeEvents(
  { clip, event: ours }: LocalClip,
  known: KnownClip | null,
  theirs: EventColumns,
  who: string,
): { event: EventColumns; notices: Notice[] } {
  const event = { ...theirs };
  const notices: Notice[] = [];
  for (const field of Object.keys(theirs) as (keyof EventColumns)[]) {
    if (ours[field] === theirs[field] || isReading(field)) continue;
    const isOursAlone = known !== null && theirs[field] === known.event[field];
    const isTheirsAlone = known !== null && ours[field] === known.event[field];
    if (isOursAlone) Object.assign(event, { [field]: ours[field] });
    else if (!isTheirsAlone)
      notices.push({
        kind: 'same-field',
        clip,
        who,
        field,
        theirs: String(theirs[field] ?? 'nothing'),
        ours: String(ours[field] ?? 'nothing'),
      });
  }
  return { event, notices };
}

function isReading(field: string): boolean {
  return (READING_COLUMNS as readonly string[]).includes(field);
}

function isSame(a: EventColumns, b: EventColumns): boolean {
  return (Object.keys(a) as (keyof EventColumns)[]).every((field) => a[field] === b[field]);
}
