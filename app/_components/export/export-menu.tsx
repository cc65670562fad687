'use client';

import type { ClipSummary } from '@/lib/ports/library';
import { DropdownMenu } from 'radix-ui';
import { Download } from 'lucide-react';
import type { ComponentProps } from 'react';
import type { ChatShape } from '@/lib/exchange/chat-messages';
import type { ExportedFile } from '@/lib/exchange/export-selection';
import type { ExportTask } from '@/lib/exchange/pictures';
import type { SelectionToExport } from '@/lib/exchange/selection-to-export';
import { isAway } from '@/lib/shared/away';
import { formatBytes, plural } from '@/lib/shared/format';
import { getFramesift } from '../../_hooks/framesift';
import { readClipFileOf } from '../../_hooks/use-clip-file';
import { downloadFile } from '../../_hooks/download-file';
import { useExports } from '../../_hooks/use-exports';
import { Button } from '../ui/button';
import { ExportStatus } from './export-status';

const loadExports = () => import('@/lib/exchange/export-selection');
type Exports = Awaited<ReturnType<typeof loadExports>>;

const PANEL =
  'z-40 max-h-(--radix-dropdown-menu-content-available-height) min-w-56 overflow-y-auto rounded-xl border border-line bg-surface p-1 text-sm shadow-xl';
const ITEM =
  'flex min-h-9 cursor-pointer items-center justify-between gap-6 rounded-lg px-3 py-1.5 outline-none select-none data-[disabled]:cursor-default data-[disabled]:opacity-50 data-[highlighted]:bg-surface-2';

/**
 * Takes away what was found.
 *
 * @param selection the frames that answer; null while there are none
 * @param clips the clips in scope, whose embeddings can be taken away without a question
 */
export function ExportMenu({
  selection,
  clips,
}: {
  selection: SelectionToExport | null;
  clips: readonly ClipSummary[];
}) {
  const { exporting, run, cancel, dismiss } = useExports();
  const hasFrames = selection !== null && selection.frames.length > 0;

  const ofSelection = (
    title: string,
    work: (exports: Exports, selection: SelectionToExport, task: ExportTask) => Promise<ExportedFile[]>,
  ) => {
    if (selection) run(title, async (task) => download(await work(await loadExports(), selection, task)));
  };
  const { services } = getFramesift();
  const zip = () =>
    ofSelection('Frames as ZIP', async (exports, selected, task) => [
      await exports.exportZip(services, selected, readClipFileOf, task),
    ]);
  const csv = () =>
    ofSelection('Table', (exports, selected) => Promise.resolve([exports.exportCsv(selected)]));
  const sheet = () =>
    ofSelection('Contact sheet', async (exports, selected, task) => [
      await exports.exportContactSheet(services, selected, readClipFileOf, task),
    ]);
  const cut = () =>
    ofSelection('Clip of these moments', (exports, selected, task) =>
      exports.exportCuts(services, selected, readClipFileOf, task),
    );
  const chat = (shape: ChatShape) => {
    if (!selection) return;
    run('Copy for a vision model', async (task) => {
      const { exportChat } = await loadExports();
      const file = exportChat(services, selection, readClipFileOf, shape, task);
      return (await copyText(file))
        ? 'Copied. Paste it as the messages of a request.'
        : download([await file]);
    });
  };
  const rows = (format: 'jsonl' | 'sql', of: 'scope' | 'library') =>
    run('Embeddings', async (task) => {
      const { exportRows } = await loadExports();
      const every = of === 'scope' ? clips : await services.database.listClips();
      // Of others only the name is here.
      const chosen = every.filter((clip) => !isAway(clip));
      return download([await exportRows(services, chosen, format, task)]);
    });

  return (
    <>
      <DropdownMenu.Root modal={false}>
        <DropdownMenu.Trigger asChild>
          <Button disabled={!hasFrames && clips.length === 0}>
            <Download aria-hidden /> Export
          </Button>
        </DropdownMenu.Trigger>
        {/* No portal: outside of the page's landmarks a menu is lost to those who go by them. */}
        <DropdownMenu.Content align="end" sideOffset={4} collisionPadding={8} className={PANEL}>
          <Item disabled={!hasFrames} onSelect={zip}>
            Frames as ZIP
          </Item>
          <Item disabled={!hasFrames} onSelect={csv}>
            Table (CSV)
          </Item>
          <Item disabled={!hasFrames} onSelect={sheet}>
            Contact sheet (PNG)
          </Item>
          <Item disabled={!hasFrames} onSelect={cut}>
            Clip of these moments
          </Item>
          <Group label="Copy for a vision model">
            <Item disabled={!hasFrames} onSelect={() => chat('openai')}>
              OpenAI shape
            </Item>
            <Item disabled={!hasFrames} onSelect={() => chat('anthropic')}>
              Anthropic shape
            </Item>
          </Group>
          {clips.length > 0 && (
            <Group label={clips.length === 1 ? 'Embeddings of this clip' : 'Embeddings of these clips'}>
              <Item onSelect={() => rows('jsonl', 'scope')}>JSON lines</Item>
              <Item onSelect={() => rows('sql', 'scope')}>SQL for PostgreSQL</Item>
            </Group>
          )}
          <Group label="Embeddings of the library">
            <Item onSelect={() => rows('jsonl', 'library')}>JSON lines</Item>
            <Item onSelect={() => rows('sql', 'library')}>SQL for PostgreSQL</Item>
          </Group>
        </DropdownMenu.Content>
      </DropdownMenu.Root>
      <ExportStatus exporting={exporting} onCancel={cancel} onDismiss={dismiss} />
    </>
  );
}

function Item(props: ComponentProps<typeof DropdownMenu.Item>) {
  return <DropdownMenu.Item className={ITEM} {...props} />;
}

/** Items under a heading; not a submenu, for which a narrow screen has no room beside its menu. */
function Group({
  label,
  children,
}: {
  label: string;
  children: ComponentProps<typeof DropdownMenu.Group>['children'];
}) {
  return (
    <DropdownMenu.Group aria-label={label} className="mt-1 border-t border-line pt-1">
      <DropdownMenu.Label className="px-3 py-1 text-xs text-ink-2">{label}</DropdownMenu.Label>
      {children}
    </DropdownMenu.Group>
  );
}

/** @returns the sentence to end with */
function download(files: readonly ExportedFile[]): string {
  for (const file of files) downloadFile(file);
  const notes = files.flatMap(({ note }) => (note === null ? [] : [note]));
  const bytes = files.reduce((sum, { blob }) => sum + blob.size, 0);
  const what = files.length === 1 ? files[0]!.name : plural(files.length, 'file');
  return [`Saved ${what}, ${formatBytes(bytes)}.`, ...new Set(notes)].join(' ');
}

/**
 * Puts a file's text on the clipboard. Asked for at once with the text still to come: browsers let a page write there
 * only shortly after a click.
 *
 * @returns false where the clipboard refuses; the file may still be wanted then
 * @throws what making the file throws
 */
async function copyText(file: Promise<ExportedFile>): Promise<boolean> {
  const text = file.then(async ({ blob }) => new Blob([await blob.arrayBuffer()], { type: 'text/plain' }));
  // Whether the text or the clipboard failed is told apart below.
  text.catch(() => undefined);
  try {
    await navigator.clipboard.write([new ClipboardItem({ 'text/plain': text })]);
    return true;
  } catch {
    await file;
    return false;
  }
}
