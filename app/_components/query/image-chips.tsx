import { Crop, X } from 'lucide-react';
import type { QueryImage } from '@/lib/ask/question';
import { isolateName } from '@/lib/shared/format';
import { useObjectUrl } from '../../_hooks/use-object-url';
import { Button } from '../ui/button';

/** The pictures of a question, each with the number that its text calls it by. */
export function ImageChips({
  images,
  onCrop,
  onRemove,
}: {
  images: readonly QueryImage[];
  onCrop: (queryImage: QueryImage) => void;
  onRemove: (queryImage: QueryImage) => void;
}) {
  if (images.length === 0) return null;
  return (
    <ul
      aria-label="Pictures in the question"
      className="flex flex-wrap gap-2 px-2"
      data-testid="query-images"
    >
      {images.map((queryImage) => (
        <li key={queryImage.number} className="max-w-full">
          <Chip
            queryImage={queryImage}
            onCrop={() => onCrop(queryImage)}
            onRemove={() => onRemove(queryImage)}
          />
        </li>
      ))}
    </ul>
  );
}

function Chip({
  queryImage: { number, image, name },
  onCrop,
  onRemove,
}: {
  queryImage: QueryImage;
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
