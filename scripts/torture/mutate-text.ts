import { seededRandom } from '@/test/support/random';

/** What a value of a document may be turned into. */
const ODD_JSON: readonly string[] = [
  null,
  true,
  0,
  -1,
  0.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  2 ** 31,
  '',
  'x'.repeat(70_000),
  '\u0000',
  '\u202Egnp.exe',
  '../../../etc/passwd',
  '<img src=x onerror=alert(1)>',
  '__proto__',
  [],
  {},
  [[[]]],
  '9'.repeat(400),
  '\ud800',
].map((value) => JSON.stringify(value));

/** A copy of its own: shared lists would make documents that hold themselves. */
const oddValue = (random: () => number): unknown =>
  JSON.parse(ODD_JSON[Math.floor(random() * ODD_JSON.length)]!);

const below = (random: () => number, count: number): number => Math.floor(random() * count);

/** Every container of a document with its keys: places where a value can be exchanged. */
function placesOf(value: unknown, places: { holder: Record<string, unknown>; key: string }[] = []) {
  if (typeof value === 'object' && value !== null) {
    for (const key of Object.keys(value)) {
      places.push({ holder: value as Record<string, unknown>, key });
      placesOf((value as Record<string, unknown>)[key], places);
    }
  }
  return places;
}

/** A JSON document with one to three values exchanged, taken out or doubled: the same one for the same number. */
export function mutateJson(json: string, number: number): string {
  const random = seededRandom(number);
  const document = JSON.parse(json) as unknown;
  for (let i = 1 + below(random, 3); i > 0; i--) {
    const places = placesOf(document);
    const place = places[below(random, places.length)];
    if (!place) return ODD_JSON[below(random, ODD_JSON.length)]!;
    const { holder, key } = place;
    const what = random();
    if (what < 0.2) Reflect.deleteProperty(holder, key);
    else if (what < 0.3 && Array.isArray(holder)) holder.push(...(structuredClone(holder) as unknown[]));
    else holder[key] = oddValue(random);
  }
  return JSON.stringify(document);
}

/** A text of lines of which some are lost, doubled, exchanged or damaged as `mutateJson` does. */
export function mutateLines(text: string, number: number): string {
  const random = seededRandom(number);
  const lines = text.split('\n');
  const at = below(random, lines.length);
  const to = below(random, lines.length);
  switch (below(random, 5)) {
    case 0:
      lines.splice(at, 1);
      break;
    case 1:
      lines.splice(to, 0, lines[at]!);
      break;
    case 2:
      [lines[at], lines[to]] = [lines[to]!, lines[at]!];
      break;
    case 3:
      lines.length = at;
      break;
    default:
      if (lines[at]!.startsWith('{')) lines[at] = mutateJson(lines[at]!, number);
      else lines[at] = lines[at]!.replace(/\d+/, ODD_JSON[below(random, ODD_JSON.length)]!);
  }
  return lines.join('\n');
}

/** Letters of questions: signs of the query language, spaces of all kinds, marks of direction, halves of characters. */
const LETTERS = Array.from(
  'ab c  12 +-|:.,#"\'“”()«»?!/\\<>&%$\u0000\t\n\u00a0\u200b\u202e\u0301é犬🐟',
).concat('\ud83d', ' + ', ' - ', ' | ', '#1', '2:', '0.5:', ' or ', ' not ');

/** A question of any letters, mostly short. */
export function randomQuestion(number: number): string {
  const random = seededRandom(number);
  const length = random() < 0.05 ? 600 : below(random, 40);
  return Array.from({ length }, () => LETTERS[below(random, LETTERS.length)]!).join('');
}
