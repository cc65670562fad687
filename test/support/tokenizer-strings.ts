import { seededRandom } from './random';

/** How many strings `tokenizerStrings` makes. */
export const TOKENIZER_STRING_COUNT = 12_000;

const WORDS =
  'a an the of in on at with two red blue green car dog person people woman man child street park beach night snow rain kitchen table walking running driving holding standing parcel delivery bicycle motorcycle truck bus airplane skateboard umbrella antidisestablishmentarianism photograph close-up black-and-white well-lit mother-in-law McDonald iPhone NASA 4K 1080p e.g. U.S.A. St. café naïve résumé Zürich jalapeño'.split(
    ' ',
  );

const CONTRACTIONS =
  "it's don't they're we've I'm she'll he'd IT'S DON'T They'RE could've y'all'd've rock'n'roll 'twas dogs' 's ' '' 't's o'clock it’s don’t ‘quoted’ “quoted”".split(
    ' ',
  );

const PUNCTUATION =
  '. , ! ? ; : … -- — ( ) [ ] { } < > / \\ | @ # $ % ^ & * _ + = ~ ` " « » ¿ ¡ § © ® ™ ° ± € £ ¥'.split(' ');

const EMOJI = '😀 🚗 🐕‍🦺 👨‍👩‍👧‍👦 👍🏽 🇨🇭 🇯🇵 ❤️ ☂ ☂️ 1️⃣ #️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 🧑🏿‍🚀 ✈︎ ✈️ 🫠 🥲'.split(' ');

/** White space of every kind, and things that look like it and are not. */
const SPACES = [
  ' ',
  '  ',
  '\t',
  '\n',
  '\r\n',
  '\u00a0',
  '\u2003',
  '\u3000',
  '\u2028',
  '\u0085',
  '\u200b',
  '\ufeff',
  '\u00ad',
];

/** Blocks of scripts, all assigned since long before Unicode 13, so that every Unicode version agrees. */
const SCRIPTS: readonly (readonly [number, number])[] = [
  [0x20, 0x7e], // ASCII
  [0xa1, 0x17f], // Latin-1 and Latin Extended-A
  [0x391, 0x3a1], // Greek capitals
  [0x3a3, 0x3c9], // Greek
  [0x410, 0x44f], // Cyrillic
  [0x5d0, 0x5ea], // Hebrew
  [0x621, 0x64a], // Arabic
  [0x660, 0x669], // Arabic digits
  [0x905, 0x939], // Devanagari
  [0x93e, 0x94d], // Devanagari vowel signs: marks, neither letters nor numbers
  [0xe01, 0xe30], // Thai
  [0x3041, 0x3096], // Hiragana
  [0x30a1, 0x30fa], // Katakana
  [0x4e00, 0x9fa5], // Han
  [0xac00, 0xd7a3], // Hangul
  [0x1100, 0x1112], // Hangul jamo, which NFC composes
  [0x300, 0x315], // combining marks
  [0x2150, 0x2188], // number forms
  [0x2460, 0x24e9], // enclosed numbers and letters
  [0x2190, 0x21ff], // arrows
  [0xff01, 0xff5e], // full-width forms
  [0x1d400, 0x1d433], // mathematical letters, outside the first plane
  [0x20000, 0x20080], // rare Han, outside the first plane
  [0x1f600, 0x1f64f], // faces
];

/** Strings that have tripped tokenizers. */
const HAND_PICKED = [
  '',
  ' ',
  '\n\t ',
  "'",
  "''''",
  'a',
  'A',
  'ΑΣ ΣΑΣ ὈΔΥΣΣΕΎΣ',
  'İstanbul DİYARBAKIR ıI',
  'ẞ Straße STRASSE',
  'ﬁne ﬂuﬀy oﬃce',
  'Å Å å',
  'e\u0301 é',
  '각 각',
  'שָׁלוֹם',
  'ภาษาไทย',
  'हिन्दी',
  '１２３ ⅷ ² ½',
  '&amp; &lt;b&gt; &#39;',
  '<b>bold</b>',
  'http://example.com/?q=1&r=2#x',
  'C:\\Users\\me',
  '¯\\_(ツ)_/¯',
  "can't'vent",
  'x'.repeat(5000),
  '🚗'.repeat(500),
  'word '.repeat(1000),
  '1234567890'.repeat(20),
  '!?'.repeat(200),
] as const;

/** The same strings on every machine: captions, contractions, all sorts of Unicode, emoji, over-long texts. */
export function tokenizerStrings(): string[] {
  const random = seededRandom(20_240);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(choices: readonly T[]): T => choices[below(choices.length)]!;
  const many = (least: number, most: number, make: () => string, between = '') =>
    Array.from({ length: least + below(most - least + 1) }, make).join(between);
  const recase = (word: string) =>
    pick([word, word, word, word.toUpperCase(), word.charAt(0).toUpperCase() + word.slice(1)]);
  const letters = () => many(1, 14, () => String.fromCharCode(97 + below(26)));
  const scripted = () => {
    const [first, last] = pick(SCRIPTS);
    return many(1, 8, () => String.fromCodePoint(first + below(last - first + 1)));
  };
  const caption = () => many(2, 12, () => recase(pick(WORDS)), ' ');

  const kinds: readonly (() => string)[] = [
    caption,
    () => many(1, 8, () => pick([recase(pick(WORDS)), pick(CONTRACTIONS)]), ' '),
    () => many(1, 10, () => pick([pick(WORDS), pick(PUNCTUATION), String(below(100_000))]), pick(['', ' '])),
    () => many(1, 6, letters, ' '),
    () => many(1, 6, () => pick([pick(EMOJI), pick(WORDS)]), pick(['', ' '])),
    () => many(1, 5, scripted, pick(['', ' '])),
    () => many(1, 8, () => pick([scripted(), pick(PUNCTUATION), pick(SPACES), pick(WORDS)])),
    () => many(2, 8, () => pick(WORDS) + pick(SPACES)),
    () => many(40, 120, () => pick([pick(WORDS), pick(CONTRACTIONS), scripted()]), ' '),
    () => caption().normalize('NFD'),
  ];
  const strings: string[] = [...HAND_PICKED];
  while (strings.length < TOKENIZER_STRING_COUNT) strings.push(kinds[strings.length % kinds.length]!());
  return strings;
}
