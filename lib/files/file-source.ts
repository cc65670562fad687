/** What the page's own site is called where other places are called by their host. */
export const THIS_SITE = 'this site';

/** One place that a file may be fetched from. */
export interface FileSource {
  url: string;
  /** The place as a person knows it: `this site`, or a host's name. */
  label: string;
}

/** A file of this page's own site. */
export function onThisSite(url: string): FileSource {
  return { url, label: THIS_SITE };
}

/** A file at an address, known by its host. */
export function remote(url: string): FileSource {
  return { url, label: new URL(url).host };
}

/** A sentence about a source: “This site does not have …”. */
export function saysOf({ label }: FileSource, problem: string): string {
  return `${label === THIS_SITE ? 'This site' : label} ${problem}.`;
}

/** A file as a person may know it: its name. */
export function nameOf({ url }: FileSource): string {
  const name = url
    .replace(/[?#].*$/, '')
    .split('/')
    .at(-1);
  return name === undefined || name === '' ? url : name;
}
