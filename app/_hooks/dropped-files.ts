import type { GivenFile } from '@/lib/ports/models';

/** Most files taken from dropped folders: a model has some twenty, a year of clips some hundreds. */
const MAX_FILES = 5_000;

/**
 * The files of a drop, those in dropped folders too, with their paths. Must be called while the event is
 * being handled: later the browser does not tell what was dropped.
 */
export async function readDroppedFiles(transfer: DataTransfer): Promise<GivenFile[]> {
  const dropped = Array.from(transfer.items)
    .filter(({ kind }) => kind === 'file')
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  const given: GivenFile[] = [];
  for (const { entry, file } of dropped) {
    if (entry?.isDirectory) await walk(entry as FileSystemDirectoryEntry, given);
    else if (file) given.push({ path: file.name, file });
  }
  return given;
}

/** The files of a file input, with their paths where a folder was chosen. */
export function readChosenFiles(input: HTMLInputElement): GivenFile[] {
  return Array.from(input.files ?? [], (file) => ({ path: file.webkitRelativePath || file.name, file }));
}

async function walk(directory: FileSystemDirectoryEntry, given: GivenFile[]): Promise<void> {
  const reader = directory.createReader();
  while (given.length < MAX_FILES) {
    // Gives some of the entries at a time, and none when there are no more.
    const entries = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (entries.length === 0) return;
    for (const entry of entries) {
      if (entry.isDirectory) await walk(entry as FileSystemDirectoryEntry, given);
      else {
        const file = await new Promise<File>((resolve, reject) =>
          (entry as FileSystemFileEntry).file(resolve, reject),
        );
        given.push({ path: entry.fullPath.replace(/^\//, ''), file });
      }
    }
  }
}
