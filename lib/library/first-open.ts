import { DATABASE_NAME } from './stores';

/**
 * [Note: A first open that is cut off] A tab that is closed while PostgreSQL's files are being made leaves
 * half of them in OPFS, which no later open can use. A file beside them says that they are being made;
 * whoever finds it takes away what is there and begins again.
 */
const MARKER = `${DATABASE_NAME}.making`;

/** Whether the library's files are in OPFS, whole. What a first open that was cut off has left is removed. */
export async function hasLibraryFiles(): Promise<boolean> {
  const root = await navigator.storage.getDirectory();
  if (await isThere(root.getFileHandle(MARKER))) {
    await isThere(root.removeEntry(DATABASE_NAME, { recursive: true }));
    await endFirstOpen();
  }
  return isThere(root.getDirectoryHandle(DATABASE_NAME));
}

export async function beginFirstOpen(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  await root.getFileHandle(MARKER, { create: true });
}

export async function endFirstOpen(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  await isThere(root.removeEntry(MARKER));
}

/** Whether the entry that `access` asks for was there. */
async function isThere(access: Promise<unknown>): Promise<boolean> {
  try {
    await access;
    return true;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotFoundError') return false;
    throw error;
  }
}
