/** Names of browsers as people say them, in the order in which their marks are looked for. */
const BROWSERS = [
  ['Edg/', 'Edge'],
  ['OPR/', 'Opera'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const;

const SYSTEMS = [
  ['Android', 'Android'],
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Windows', 'Windows'],
  ['Mac OS X', 'Mac'],
  ['CrOS', 'ChromeOS'],
  ['Linux', 'Linux'],
] as const;

/** What this browser may be called until a person says otherwise: "Chrome on Linux". */
export function deviceName(userAgent = navigator.userAgent): string {
  const nameIn = (names: readonly (readonly [mark: string, name: string])[], otherwise: string) =>
    names.find(([mark]) => userAgent.includes(mark))?.[1] ?? otherwise;
  return `${nameIn(BROWSERS, 'A browser')} on ${nameIn(SYSTEMS, 'a computer')}`;
}
