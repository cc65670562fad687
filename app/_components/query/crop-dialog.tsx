'use client';

import { Dialog } from 'radix-ui';
import { Search } from 'lucide-react';
import { useRef, useState, type KeyboardEvent, type PointerEvent } from 'react';
import { cropImage, type NewQueryImage, type PictureArea } from '@/lib/ask/query-images';
import { toFramesiftError } from '@/lib/shared/errors';
import { useObjectUrl } from '../../_hooks/use-object-url';
import { Button } from '../ui/button';
import { DialogFrame } from '../ui/dialog-frame';
import {
  areaBetween,
  contains,
  describeArea,
  FIRST_AREA,
  moveArea,
  resizeArea,
  type Point,
} from './crop-area';
import { cropPicture } from './crop-picture';

/** How far an arrow key goes, as a share of the picture. */
const STEP = 0.02;

const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -STEP, y: 0 },
  ArrowRight: { x: STEP, y: 0 },
  ArrowUp: { x: 0, y: -STEP },
  ArrowDown: { x: 0, y: STEP },
};

/** What a pointer that is down is doing to the area. */
type Drag = { kind: 'draw'; from: Point } | { kind: 'move'; last: Point };

/**
 * Where a person draws the part of a picture to search with: with a pointer, or with the arrow keys.
 *
 * @param picture what a part is taken from; the dialog is open while there is one
 * @param onSearch gets the picture again, with only the part left
 */
export function CropDialog<T extends NewQueryImage>({
  picture,
  onSearch,
  onClose,
}: {
  picture: T | null;
  onSearch: (part: T) => void;
  onClose: () => void;
}) {
  return (
    <Dialog.Root open={picture !== null} onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DialogFrame title="Search with a part of the picture" closeLabel="Close without searching">
        {picture && <CropForm picture={picture} onSearch={onSearch} />}
      </DialogFrame>
    </Dialog.Root>
  );
}

function CropForm<T extends NewQueryImage>({
  picture,
  onSearch,
}: {
  picture: T;
  onSearch: (part: T) => void;
}) {
  const [area, setArea] = useState(FIRST_AREA);
  const [isCutting, setCutting] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const url = useObjectUrl(picture.image);

  const search = async () => {
    setCutting(true);
    try {
      onSearch(cropImage(picture, await cropPicture(picture.image, area), area));
    } catch (error) {
      setProblem(toFramesiftError(error).message);
      setCutting(false);
    }
  };

  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void search();
      }}
    >
      <Dialog.Description className="mt-1 text-sm text-ink-2">
        Draw a rectangle round what you are looking for. With the keyboard: the arrow keys move it, with Shift
        they make it larger or smaller.
      </Dialog.Description>
      {url && <CropStage url={url} name={picture.name} area={area} onArea={setArea} />}
      <p className="sr-only" aria-live="polite" data-testid="crop-area">
        {describeArea(area)}
      </p>
      {problem && (
        <p role="alert" className="mt-3 text-sm text-danger">
          {problem}
        </p>
      )}
      <div className="mt-4 flex flex-wrap justify-end gap-2">
        <Dialog.Close asChild>
          <Button>Cancel</Button>
        </Dialog.Close>
        <Button variant="primary" type="submit" disabled={isCutting}>
          <Search aria-hidden /> Search with this part
        </Button>
      </div>
    </form>
  );
}

/** The picture with the area on it; what is left out is dimmed. */
function CropStage({
  url,
  name,
  area,
  onArea,
}: {
  url: string;
  name: string;
  area: PictureArea;
  onArea: (area: PictureArea) => void;
}) {
  const drag = useRef<Drag | null>(null);
  /** Width by height of the picture; null until it is there. */
  const [ratio, setRatio] = useState<number | null>(null);

  const pointOf = ({ currentTarget, clientX, clientY }: PointerEvent<HTMLElement>): Point => {
    const { left, top, width, height } = currentTarget.getBoundingClientRect();
    return { x: (clientX - left) / width, y: (clientY - top) / height };
  };
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    const point = pointOf(event);
    event.currentTarget.setPointerCapture(event.pointerId);
    // Once the whole picture is chosen, there is nowhere left to move it to.
    const isMove = contains(area, point) && (area.width < 1 || area.height < 1);
    drag.current = isMove ? { kind: 'move', last: point } : { kind: 'draw', from: point };
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const current = drag.current;
    if (!current) return;
    const point = pointOf(event);
    if (current.kind === 'draw') {
      onArea(areaBetween(current.from, point));
    } else {
      onArea(moveArea(area, { x: point.x - current.last.x, y: point.y - current.last.y }));
      drag.current = { kind: 'move', last: point };
    }
  };
  const onPointerEnd = () => {
    drag.current = null;
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const by = ARROWS[event.key];
    if (!by || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    onArea(event.shiftKey ? resizeArea(area, by) : moveArea(area, by));
  };

  const percent = (share: number) => `${share * 100}%`;
  return (
    <div className="mt-3 flex justify-center">
      <div
        data-testid="crop-stage"
        className="relative cursor-crosshair touch-none overflow-hidden rounded-lg bg-black select-none"
        // As large as the dialog and the window allow: what is stored of a frame is small.
        style={
          ratio === null ? undefined : { aspectRatio: ratio, width: `min(100%, calc(60dvh * ${ratio}))` }
        }
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerEnd}
        onPointerCancel={onPointerEnd}
      >
        {/* eslint-disable-next-line @next/next/no-img-element -- a blob of this page, nothing to optimise */}
        <img
          src={url}
          alt={name}
          draggable={false}
          className="size-full"
          onLoad={({ currentTarget }) => setRatio(currentTarget.naturalWidth / currentTarget.naturalHeight)}
        />
        <div
          // Arrow keys must reach the page whatever reads it aloud, as nothing else can move a rectangle.
          role="application"
          aria-roledescription="movable rectangle"
          aria-label={`The part to search with: ${describeArea(area)}`}
          tabIndex={0}
          data-testid="crop-rectangle"
          onKeyDown={onKeyDown}
          className="absolute cursor-move border-2 border-white shadow-[0_0_0_100vmax_rgb(0_0_0/0.55)] outline-offset-0"
          style={{
            left: percent(area.x),
            top: percent(area.y),
            width: percent(area.width),
            height: percent(area.height),
          }}
        />
      </div>
    </div>
  );
}
