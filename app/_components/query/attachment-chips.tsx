import { Crop, X } from 'lucide-react';
import type { Attachment } from '@/lib/ask/question';
import { isolateName } from '@/lib/shared/format';
import { useObjectUrl } from '../../_hooks/use-object-url';
import { Button } from '../ui/button';

/** The pictures of a question, each with the number that its text calls it by. */
export function AttachmentChips({
  attachments,
  onCrop,
  onRemove,
}: {
  attachments: readonly Attachment[];
  onCrop: (attachment: Attachment) => void;
  onRemove: (attachment: Attachment) => void;
}) {
  if (attachments.length === 0) return null;
  return (
    <ul aria-label="Pictures in the question" className="flex flex-wrap gap-2 px-2" data-testid="attachments">
      {attachments.map((attachment) => (
        <li key={attachment.number} className="max-w-full">
          <Chip
            attachment={attachment}
            onCrop={() => onCrop(attachment)}
            onRemove={() => onRemove(attachment)}
          />
        </li>
      ))}
    </ul>
  );
}

function Chip({
  attachment: { number, image, name },
  onCrop,
  onRemove,
}: {
  attachment: Attachment;
  onCrop: () => void;
  onRemove: () => void;
}) {
  const url = useObjectUrl(image);
  return (
    <span className="flex max-w-full items-center gap-2 rounded-xl border border-line bg-surface p-1 text-sm">
      <span className="size-9 shrink-0 overflow-hidden rounded-lg bg-black">
        {/* eslint-disable-next-line @next/next/no-img-element -- a blob of this page, nothing to optimise */}
        {url && <img src={url} alt="" className="size-full object-cover" />}
      </span>
      <span className="font-semibold tabular-nums">#{number}</span>
      <span className="max-w-40 truncate text-ink-2">{name}</span>
      <span className="flex">
        <Button
          variant="ghost"
          icon
          aria-label={`Use a part of #${number}, ${isolateName(name)}`}
          title="Use a part of it"
          onClick={onCrop}
        >
          <Crop aria-hidden />
        </Button>
        <Button
          variant="ghost"
          icon
          aria-label={`Remove #${number}, ${isolateName(name)}`}
          title="Remove"
          onClick={onRemove}
        >
          <X aria-hidden />
        </Button>
      </span>
    </span>
  );
}
