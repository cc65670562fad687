import { FramesiftError } from '@/lib/shared/errors';
import { formatMoment, plural } from '@/lib/shared/format';
import type { SelectionManifest } from './manifest';
import type { ExportPicture } from './pictures';
import { MANIFEST_KEYWORD, withPngText } from './png-text';

/** In pixels. */
const CELL_WIDTH = 400;
const MIN_CELL_SIDE = 8;
const GAP = 16;
const CAPTION_HEIGHT = 30;
const TITLE_HEIGHT = 84;

/** Longest side of a sheet: what every browser's canvas takes. */
const MAX_SHEET_SIDE = 8192;

const FONT = 'system-ui, "Segoe UI", "Liberation Sans", Arial, sans-serif';
const COLOURS = { paper: '#ffffff', ink: '#1b201c', ink2: '#586159', hole: '#e3e7df', accent: '#0f6b4f' };

/** Where everything of a sheet goes, in pixels. */
export interface SheetLayout {
  width: number;
  height: number;
  cellWidth: number;
  cellHeight: number;
  /** Upper left corner of each picture, row by row. */
  cells: { x: number; y: number }[];
}

/** A grid for `count` pictures of this shape, about as wide as it is high, and never larger than a canvas may be. */
export function layoutSheet(count: number, aspectRatio: number): SheetLayout {
  const ratio = Math.min(4, Math.max(0.25, aspectRatio));
  const columns = Math.max(1, Math.ceil(Math.sqrt(count / ratio)));
  const rows = Math.max(1, Math.ceil(count / columns));
  const atScale = (scale: number): SheetLayout => {
    const cellWidth = Math.max(MIN_CELL_SIDE, Math.floor(CELL_WIDTH * scale));
    const cellHeight = Math.max(MIN_CELL_SIDE, Math.floor(cellWidth / ratio));
    return {
      width: columns * (cellWidth + GAP) + GAP,
      height: TITLE_HEIGHT + rows * (cellHeight + CAPTION_HEIGHT + GAP) + GAP,
      cellWidth,
      cellHeight,
      cells: Array.from({ length: count }, (_, i) => ({
        x: GAP + (i % columns) * (cellWidth + GAP),
        y: TITLE_HEIGHT + Math.floor(i / columns) * (cellHeight + CAPTION_HEIGHT + GAP),
      })),
    };
  };
  let scale = 1;
  let layout = atScale(scale);
  while (Math.max(layout.width, layout.height) > MAX_SHEET_SIDE && layout.cellWidth > MIN_CELL_SIDE) {
    scale *= 0.9;
    layout = atScale(scale);
  }
  return layout;
}

/** Longest side of the pictures that a sheet is drawn from. */
export const SHEET_PICTURE_MAX_SIDE = CELL_WIDTH * 1.5;

/**
 * A PNG with the frames in a grid, each with its time and score, the question above them, and the manifest in a text
 * chunk, from which the sheet can be brought back.
 *
 * @param pictures one for each of the manifest's frames
 */
export async function drawContactSheet(
  manifest: SelectionManifest,
  pictures: readonly (ExportPicture | null)[],
): Promise<Blob> {
  const shape = pictures.find((picture) => picture !== null) ?? { width: 16, height: 9 };
  const layout = layoutSheet(manifest.frames.length, shape.width / shape.height);
  const context = new OffscreenCanvas(layout.width, layout.height).getContext('2d', { alpha: false });
  if (!context)
    throw new FramesiftError('internal', 'This browser has no canvas to draw a contact sheet on.');
  context.fillStyle = COLOURS.paper;
  context.fillRect(0, 0, layout.width, layout.height);
  drawTitle(context, manifest, layout.width);
  for (const [i, frame] of manifest.frames.entries()) {
    const cell = layout.cells[i]!;
    await drawPicture(context, pictures[i] ?? null, cell, layout);
    const caption = frame.strength === 'unrated' ? frame.score.toFixed(3) : `${frame.strength} match`;
    const y = cell.y + layout.cellHeight + 20;
    context.font = `600 15px ${FONT}`;
    context.fillStyle = COLOURS.ink;
    context.textAlign = 'left';
    context.fillText(formatMoment({ ...frame, span: frame.span ?? null }), cell.x, y);
    context.font = `15px ${FONT}`;
    context.fillStyle = frame.strength === 'strong' ? COLOURS.accent : COLOURS.ink2;
    context.textAlign = 'right';
    const pin = frame.isPinned ? 'pinned, ' : '';
    context.fillText(
      `${pin}no. ${frame.rank}, ${caption}`,
      cell.x + layout.cellWidth,
      y,
      layout.cellWidth * 0.7,
    );
  }
  const png = await context.canvas.convertToBlob({ type: 'image/png' });
  const bytes = new Uint8Array(await png.arrayBuffer());
  return new Blob([withPngText(bytes, MANIFEST_KEYWORD, JSON.stringify(manifest))], { type: 'image/png' });
}

function drawTitle(
  context: OffscreenCanvasRenderingContext2D,
  manifest: SelectionManifest,
  width: number,
): void {
  const withFrames = new Set(manifest.frames.map(({ eventId }) => eventId));
  const names = manifest.clips
    .filter(({ eventId }) => withFrames.has(eventId))
    .map(({ fileName }) => fileName);
  const source = names.length === 1 ? (names[0] ?? 'a clip') : plural(names.length, 'clip');
  const room = width - 2 * GAP;
  context.textAlign = 'left';
  context.fillStyle = COLOURS.ink;
  context.font = `600 24px ${FONT}`;
  context.fillText(shorten(context, manifest.question.text.replace(/\s+/g, ' '), room), GAP, 38);
  context.fillStyle = COLOURS.ink2;
  context.font = `15px ${FONT}`;
  const line = `${plural(manifest.frames.length, 'frame')} of ${source}, ${manifest.strategy}, ${manifest.modelVersion}`;
  context.fillText(shorten(context, line, room), GAP, 64);
}

function shorten(context: OffscreenCanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  const characters = Array.from(text);
  let shown = characters.length;
  while (shown > 1 && context.measureText(characters.slice(0, shown).join('') + '…').width > room) {
    shown = Math.floor(shown * 0.9);
  }
  return characters.slice(0, shown).join('') + '…';
}

async function drawPicture(
  context: OffscreenCanvasRenderingContext2D,
  picture: ExportPicture | null,
  { x, y }: { x: number; y: number },
  { cellWidth, cellHeight }: SheetLayout,
): Promise<void> {
  context.fillStyle = COLOURS.hole;
  context.fillRect(x, y, cellWidth, cellHeight);
  if (!picture) return;
  const bitmap = await createImageBitmap(picture.blob);
  try {
    const scale = Math.min(cellWidth / bitmap.width, cellHeight / bitmap.height);
    const [width, height] = [bitmap.width * scale, bitmap.height * scale];
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, x + (cellWidth - width) / 2, y + (cellHeight - height) / 2, width, height);
  } finally {
    bitmap.close();
  }
}
