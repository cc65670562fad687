import type { SharingStore } from '@/lib/core/sharing-store';
import type { KeptNotice } from '@/lib/ports/sharing';
import type { SmartDetectionType } from '@/lib/shared/clip-columns';
import { describeNotice } from '@/lib/sync/notices';
import { getFramesift } from '../../_hooks/framesift';
import { guard } from '../../_hooks/guard';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';

/** What others did that a person should know, and the choices that are left. */
export function NoticeList({ store, notices }: { store: SharingStore; notices: readonly KeptNotice[] }) {
  if (notices.length === 0) return null;
  return (
    <ul aria-label="What others did" className="space-y-2">
      {notices.map((kept) => (
        <li key={kept.id} data-testid="sync-notice">
          <Notice tone="info" actions={<Choices store={store} kept={kept} />}>
            {describeNotice(kept.notice)}
          </Notice>
        </li>
      ))}
    </ul>
  );
}

function Choices({ store, kept }: { store: SharingStore; kept: KeptNotice }) {
  const { notice } = kept;
  const putAside = () => guard(() => store.dropNotice(kept));
  if (notice.kind === 'read-again')
    return (
      <Button variant="ghost" onClick={putAside}>
        All right
      </Button>
    );
  if (notice.kind === 'same-field')
    return (
      <div className="flex gap-1">
        <Button
          onClick={() =>
            guard(async () => {
              await applyOurs(notice);
              await store.dropNotice(kept);
            })
          }
        >
          Use mine
        </Button>
        <Button variant="ghost" onClick={putAside}>
          Keep theirs
        </Button>
      </div>
    );
  return (
    <div className="flex gap-1">
      <Button onClick={putAside}>Keep it</Button>
      <Button
        variant="danger"
        onClick={() =>
          guard(async () => {
            await getFramesift().services.database.deleteClip(notice.copy);
            await store.dropNotice(kept);
          })
        }
      >
        Delete it
      </Button>
    </div>
  );
}

async function applyOurs({
  clip,
  field,
  ours,
}: Extract<KeptNotice['notice'], { kind: 'same-field' }>): Promise<void> {
  const { database } = getFramesift().services;
  if (field === 'description') await database.updateClip(clip, { description: ours });
  else if (field === 'timestamp') await database.updateClip(clip, { timestamp: new Date(ours) });
  else if (field === 'smart_detection_type')
    await database.updateClip(clip, {
      smartDetectionType: ours === 'nothing' ? null : (ours as SmartDetectionType),
    });
}
