import type { ExportedFile } from '@/lib/exchange/export-selection';

/** A download reads its URL after the click, some browsers once the person has chosen a place. */
const REVOKE_AFTER_MS = 60_000;

/** Hands a file to the browser's downloads. */
export function downloadFile({ blob, name }: Pick<ExportedFile, 'blob' | 'name'>): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), REVOKE_AFTER_MS);
}
