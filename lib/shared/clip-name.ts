/** What a clip is called: as people describe it, which is its file's name until somebody writes something else. */
export function clipName({
  description,
  fileName,
}: {
  description: string;
  fileName: string | null;
}): string {
  return description.trim() === '' ? (fileName ?? 'A clip') : description;
}
