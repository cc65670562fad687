/** What stands before the lines of a list: a dash or bullet, a number, a box to tick. */
const LIST_MARK = /^\s*(?:(?:[-*+•◦▪‣·–—\u2212]|\(?\d{1,3}[.)])\s+(?:\[[ xX]?\]\s+)?)(?=\S)/u;
const LINE_BREAKS = /([\n\r\u2028\u2029]+)/u;

/**
 * A text whose lines are a list with a mark before each, with spaces of the same length in place of the marks, so that
 * “- dog” is a thing to look for, not one to leave out. Any other text stays as it is: a single line that begins with a
 * minus, or lines of which one has no mark, mean their signs.
 */
export function blankListMarks(text: string): string {
  const lines = text.split(LINE_BREAKS);
  const written = lines.filter((line) => line.trim() !== '');
  if (written.length < 2 || !written.every((line) => LIST_MARK.test(line))) return text;
  return lines.map((line) => line.replace(LIST_MARK, (mark) => ' '.repeat(mark.length))).join('');
}

/** The lines of a pasted text, without list marks and empty ones. */
export function linesOfList(text: string): string[] {
  return blankListMarks(text)
    .split(LINE_BREAKS)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
