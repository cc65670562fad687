import { createHash } from 'node:crypto';
import type { ClipFile, Question, QuestionKind, Span } from '../clip-file';
import type { Camera, EmptyLook, Shot, ShotContent, ShotList } from '../page/shots';
import { Random } from '../random';
import { type Concept, CONCEPTS, SAMPLE_SCENES, showsConcept } from './concepts';
import type { Picture } from './pictures';

export type Half = 'train' | 'test';

/** A clip that is to be made, and the truth about it. */
export interface ClipPlan {
  shotList: ShotList;
  truth: ClipFile;
}

/** A scene of the sample clip. */
export interface SampleScene {
  id: string;
  startMs: number;
  endMs: number;
}

/** Changes every clip. */
const SEED = 'framesift select 1';

const CLIPS_PER_HALF = { mixed: 10, whole: 7, watch: 5, sample: 3 };

const FRAME_RATE = 5;
const BITRATE = 180_000;
/** Small pictures in the two commonest shapes: the model sees 128 × 128 of them. */
const SIZES = [
  { width: 320, height: 240 },
  { width: 320, height: 240 },
  { width: 384, height: 216 },
];

/** Portraits would show a camera's frame a strip of themselves. */
const MIN_ASPECT = 0.9;

/** How often distractors come from each source; the rest of the sources share what is left. */
const SOURCE_WEIGHTS: Record<string, number> = { flickr8k: 4, miniplaces: 4, tinyimagenet: 1.5 };
const OTHER_SOURCES_WEIGHT = 1;

/** At least so much of a mixed clip is distractors and empty stretches. */
const MIN_FILLING = 0.35;

/** How many distractors come from the sources of the things that are asked for. */
const NEAR_SHARE = 0.4;

/** Words that do not tell a caption from another one's. */
const COMMON_WORDS = new Set(
  `a an the of in on at with and to is are by for from his her its their as while through up down into over off out it
  he she they them him two three four one some several many other another each who that this there has have be being
  man men woman women person people boy boys girl girls child children kid kids lady guy group young old little small
  large big wearing wears dressed shirt white black red blue green brown yellow orange pink grey gray tan purple
  standing stands stand sitting sits sit holding holds looking looks look front next near behind around along outside
  background picture photo top side`.split(/\s+/),
);

interface Candidate {
  content: ShotContent;
  text: string;
  labels: string[];
  picture: Picture | null;
}

/** What a question asks for, and which candidates are allowed to be in its clip without answering. */
interface Asked {
  text: string;
  shows: (candidate: Candidate) => boolean;
  mayShow: (candidate: Candidate) => boolean;
}

interface Piece {
  candidate: Candidate;
  ms: number;
}

function digest(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

/** Every picture's half, which depends on nothing but its name: taking out one picture moves no other. */
export function splitHalves(pictures: readonly Picture[]): Record<Half, Picture[]> {
  const halves: Record<Half, Picture[]> = { train: [], test: [] };
  for (const picture of pictures) {
    const isEven = parseInt(digest(picture.id).slice(0, 2), 16) % 2 === 0;
    halves[isEven ? 'train' : 'test'].push(picture);
  }
  return halves;
}

/** Plans all clips: the same ones for the same pictures. */
export function planClips(pictures: readonly Picture[], sampleScenes: readonly SampleScene[]): ClipPlan[] {
  const halves = splitHalves(pictures.filter(({ aspect }) => aspect >= MIN_ASPECT));
  return (['train', 'test'] as const).flatMap((half) => {
    const place = half === 'train' ? 0 : 1;
    const concepts = CONCEPTS.filter((_, index) => index % 2 === place);
    const wanted = new Set(concepts.flatMap(({ labels }) => labels));
    // A sample scene belongs to the half that asks for it.
    const scenes = sampleScenes.filter(({ id }) => wanted.has(`sample:${id}`));
    return new Planner(half, halves[half], scenes, concepts).plan();
  });
}

class Planner {
  readonly #half: Half;
  /** Each clip has its own, so that a change of one leaves the others' numbers as they were. */
  #random: Random;
  readonly #pictures: Candidate[];
  readonly #samples: Candidate[];
  readonly #concepts: readonly Concept[];
  readonly #bySource: Map<string, Candidate[]>;
  /** How often a picture was used, so that clips share as few as possible. */
  readonly #uses = new Map<Candidate, number>();
  readonly #asked = new Map<Concept, number>();
  readonly #wordings = new Map<Concept, number>();

  constructor(
    half: Half,
    pictures: readonly Picture[],
    scenes: readonly SampleScene[],
    concepts: readonly Concept[],
  ) {
    this.#half = half;
    this.#random = new Random(SEED);
    this.#concepts = concepts;
    this.#pictures = pictures.map((picture) => ({
      content: { kind: 'picture', id: picture.id, aspect: picture.aspect },
      text: picture.text,
      labels: picture.label === null ? picture.captions : [`${picture.source}:${picture.label}`],
      picture,
    }));
    this.#samples = scenes.map(({ id, startMs, endMs }) => ({
      content: { kind: 'sample', sceneId: id, startMs, endMs },
      text: SAMPLE_SCENES[id] ?? '',
      labels: [`sample:${id}`],
      picture: null,
    }));
    this.#bySource = groupBy(this.#pictures, ({ picture }) => picture?.source ?? '');
  }

  plan(): ClipPlan[] {
    const plans: ClipPlan[] = [];
    const add = (kind: string, clip: () => { pieces: Piece[]; questions: Asking[]; fades: number }) => {
      const id = `${this.#half}-${String(plans.length + 1).padStart(2, '0')}-${kind}`;
      this.#random = new Random(`${SEED} ${id}`);
      plans.push(this.#finish(id, clip()));
    };
    for (let index = 0; index < CLIPS_PER_HALF.sample; index += 1) add('sample', () => this.#mixed(true));
    for (let index = 0; index < CLIPS_PER_HALF.whole; index += 1) add('whole', () => this.#whole(index));
    for (let index = 0; index < CLIPS_PER_HALF.watch; index += 1) add('watch', () => this.#watch(index));
    for (let index = 0; index < CLIPS_PER_HALF.mixed; index += 1) add('mixed', () => this.#mixed(false));
    return plans;
  }

  /** Many scenes of different things, cut and faded, with empty stretches: one thing is shown once, one again and again. */
  #mixed(isOfSample: boolean): { pieces: Piece[]; questions: Asking[]; fades: number } {
    const random = this.#random;
    const asking: Asking[] = [];
    const pieces: Piece[] = [];
    const durationMs = random.whole(65, 160) * 1000;
    if (isOfSample) {
      for (const candidate of random.shuffle(this.#samples).slice(0, 3)) {
        const concept = this.#concepts.find(({ labels }) => labels.includes(candidate.labels[0]!))!;
        if (asking.some(({ asked }) => asked.mayShow(candidate))) continue;
        const asked = this.#ask(concept);
        if (pieces.some((piece) => asked.mayShow(piece.candidate))) continue;
        const repeats = asking.length === 0 ? random.whole(2, 3) : 1;
        for (let turn = 0; turn < repeats; turn += 1) {
          pieces.push({ candidate, ms: this.#sceneMs(4, 20) });
        }
        asking.push({ asked, kind: repeats > 1 ? 'several' : 'moment' });
      }
    }
    const wanted: { kind: 'moment' | 'several'; scenes: number }[] = isOfSample
      ? [{ kind: 'several', scenes: random.whole(2, 4) }]
      : [
          { kind: 'several', scenes: random.whole(2, 5) },
          { kind: 'moment', scenes: 1 },
          ...(random.next() < 0.5 ? [{ kind: 'moment' as const, scenes: 1 }] : []),
        ];
    for (const { kind, scenes } of wanted) this.#addThing(kind, scenes, asking, pieces, [3, 20]);
    if (random.next() < 0.7) this.#addCaption(asking, pieces);
    this.#addAbsent(asking, pieces, random.next() < 0.4 ? 2 : 1);
    this.#fill(durationMs, asking, pieces, 0.15);
    return { pieces: this.#order(pieces, asking), questions: asking, fades: random.pick([0, 0.2, 0.5]) };
  }

  /** Nearly the whole clip shows one thing. */
  #whole(index: number): { pieces: Piece[]; questions: Asking[]; fades: number } {
    const random = this.#random;
    const asking: Asking[] = [];
    const pieces: Piece[] = [];
    const shots = [1, 3, 5, 8, 12, 1, 6][index % 7]!;
    const durationMs = random.whole(75, 110) * 1000;
    this.#addThing('whole', shots, asking, pieces, [durationMs / shots / 1000, durationMs / shots / 1000]);
    for (const piece of pieces) piece.ms = Math.max(3000, Math.round(piece.ms * random.between(0.8, 1.25)));
    const things = random.whole(0, 2);
    const other: Piece[] = [];
    if (things > 0) this.#addThing('moment', 1, asking, other, [3, 5]);
    if (things > 1) other.push({ candidate: this.#empty(), ms: random.whole(3000, 5000) });
    this.#addAbsent(asking, [...pieces, ...other], 2);
    // What is not the thing goes between its shots, or to the ends of a single one.
    for (const piece of other) pieces.splice(random.whole(0, pieces.length), 0, piece);
    return { pieces, questions: asking, fades: random.pick([0, 0.3]) };
  }

  /** A camera that watches a place where hardly anything happens. */
  #watch(index: number): { pieces: Piece[]; questions: Asking[]; fades: number } {
    const random = this.#random;
    const asking: Asking[] = [];
    const pieces: Piece[] = [];
    const empty = this.#empty();
    this.#addThing(
      index % 2 === 0 ? 'moment' : 'several',
      index % 2 === 0 ? 1 : random.whole(2, 3),
      asking,
      pieces,
      [4, 12],
    );
    if (index % 3 !== 0) this.#addThing('moment', 1, asking, pieces, [3, 9]);
    this.#addAbsent(asking, [...pieces, { candidate: empty, ms: 0 }], 1);
    const ordered: Piece[] = [{ candidate: empty, ms: random.whole(27, 30) * 1000 }];
    for (const piece of random.shuffle(pieces)) {
      ordered.push(piece, { candidate: empty, ms: random.whole(30, 40) * 1000 });
    }
    return { pieces: ordered, questions: asking, fades: random.pick([0, 0.3]) };
  }

  /** Mostly short scenes, some long ones. */
  #sceneMs(shortest: number, longest: number): number {
    return Math.round(1000 * shortest * (longest / shortest) ** this.#random.next());
  }

  #ask(concept: Concept): Asked {
    this.#asked.set(concept, (this.#asked.get(concept) ?? 0) + 1);
    const turn = this.#wordings.get(concept) ?? 0;
    this.#wordings.set(concept, turn + 1);
    const name = concept.names[turn % concept.names.length]!;
    return {
      text: this.#word(name),
      shows: (candidate) => shows(concept, candidate),
      mayShow: (candidate) => mayShow(concept, candidate),
    };
  }

  /** Most people type a name; some ask in a sentence. */
  #word(name: string): string {
    if (name.endsWith('?')) return name;
    const draw = this.#random.next();
    if (draw < 0.62) return name;
    if (draw < 0.72) return name.replace(/^(an?|the) /, '');
    const isPlural = /^people |s$/.test(name) && !/^(an?|the|somebody) /.test(name);
    return this.#random.pick([
      `show me ${name}`,
      `find ${name}`,
      `${isPlural ? 'are' : 'is'} there ${name}?`,
      `where ${isPlural ? 'are' : 'is'} ${name}?`,
    ]);
  }

  /** Adds a thing that is asked for and its scenes. Tries the things asked least first. */
  #addThing(
    kind: 'moment' | 'several' | 'whole',
    scenes: number,
    asking: Asking[],
    pieces: Piece[],
    seconds: readonly [number, number],
  ): void {
    for (const concept of this.#nextConcepts()) {
      const rows = this.#leastUsed(
        this.#pictures.filter(
          (candidate) => shows(concept, candidate) && !asking.some(({ asked }) => asked.mayShow(candidate)),
        ),
      );
      const enough = kind === 'whole' ? Math.min(4, scenes) : kind === 'several' ? 2 : 1;
      if (rows.length < enough) continue;
      if (pieces.some(({ candidate }) => mayShow(concept, candidate))) continue;
      // A scene that comes back is now and then the same place once more, and else another one of its kind.
      const distinct = kind === 'several' && this.#random.next() < 0.3 ? 1 : scenes;
      const used = rows.slice(0, Math.max(distinct, 1));
      for (let turn = 0; turn < scenes; turn += 1) {
        const candidate = used[turn % used.length]!;
        this.#uses.set(candidate, (this.#uses.get(candidate) ?? 0) + 1);
        pieces.push({ candidate, ms: this.#sceneMs(...seconds) });
      }
      asking.push({ asked: this.#ask(concept), kind });
      return;
    }
    throw new Error(`No thing is left that ${scenes} scenes can show.`);
  }

  /** A picture with people's captions, one of which is the question. */
  #addCaption(asking: Asking[], pieces: Piece[]): void {
    for (const candidate of this.#leastUsed(this.#bySource.get('flickr8k') ?? [])) {
      const caption = this.#random.pick(candidate.picture?.captions ?? ['']);
      const words = telling(caption);
      const count = caption.split(' ').length;
      if (words.length < 2 || count < 5 || count > 12) continue;
      const sharesWords = (other: Candidate): boolean =>
        other === candidate || words.some((word) => telling(other.text).includes(word));
      if (asking.some(({ asked }) => asked.mayShow(candidate))) continue;
      if (pieces.some((piece) => sharesWords(piece.candidate))) continue;
      this.#uses.set(candidate, (this.#uses.get(candidate) ?? 0) + 1);
      pieces.push({ candidate, ms: this.#sceneMs(3, 20) });
      const text = caption.replace(/\s*\.$/, '');
      const asked = { text, shows: (other: Candidate) => other === candidate, mayShow: sharesWords };
      asking.push({ asked, kind: 'moment' });
      return;
    }
  }

  /** Adds questions for things that no scene shows or may show. */
  #addAbsent(asking: Asking[], pieces: readonly Piece[], count: number): void {
    let left = count;
    const sources = new Set(
      pieces.flatMap(({ candidate }) => (candidate.picture ? [candidate.picture.source] : [])),
    );
    const isNear = ({ labels }: Concept): boolean =>
      labels.some((label) => sources.has(label.split(':')[0]!));
    // Half of the time something of the same sort as what is there: a blue car where there is a red one.
    const next = this.#nextConcepts();
    const order =
      this.#random.next() < 0.5 ? [...next.filter(isNear), ...next.filter((one) => !isNear(one))] : next;
    for (const concept of order) {
      if (left === 0) return;
      if (pieces.some(({ candidate }) => mayShow(concept, candidate))) continue;
      asking.push({ asked: this.#ask(concept), kind: 'absent' });
      left -= 1;
    }
  }

  /** Adds distractors and empty stretches until the clip is long enough. */
  #fill(durationMs: number, asking: readonly Asking[], pieces: Piece[], emptyShare: number): void {
    const random = this.#random;
    const askedMs = pieces.reduce((sum, { ms }) => sum + ms, 0);
    let total = askedMs;
    while (total < durationMs || total - askedMs < MIN_FILLING * total) {
      const isEmpty = random.next() < emptyShare;
      const candidate = isEmpty ? this.#empty() : this.#distractor(asking, pieces);
      const ms = this.#sceneMs(isEmpty ? 5 : 3, isEmpty ? 25 : 40);
      if (asking.some(({ asked }) => asked.mayShow(candidate))) continue;
      this.#uses.set(candidate, (this.#uses.get(candidate) ?? 0) + 1);
      pieces.push({ candidate, ms });
      total += ms;
    }
  }

  #distractor(asking: readonly Asking[], pieces: readonly Piece[]): Candidate {
    const random = this.#random;
    const sources = [...this.#bySource.keys()].filter((source) => source !== 'tuxpaint');
    const weights = sources.map((source) => SOURCE_WEIGHTS[source] ?? OTHER_SOURCES_WEIGHT / 4);
    // What resembles the things asked for comes from where they come from: cars of other colours, other rooms.
    const near = pieces.flatMap(({ candidate }) =>
      candidate.picture && asking.some(({ asked }) => asked.shows(candidate))
        ? [candidate.picture.source]
        : [],
    );
    for (let tries = 0; tries < 2000; tries += 1) {
      let draw = random.next() * weights.reduce((sum, weight) => sum + weight, 0);
      const at = weights.findIndex((weight) => (draw -= weight) < 0);
      const source = near.length > 0 && random.next() < NEAR_SHARE ? random.pick(near) : sources[at]!;
      const candidate = random.pick(this.#bySource.get(source)!);
      if ((this.#uses.get(candidate) ?? 0) > tries / 500) continue;
      if (pieces.some((piece) => piece.candidate === candidate)) continue;
      if (!asking.some(({ asked }) => asked.mayShow(candidate))) return candidate;
    }
    return this.#empty();
  }

  #empty(): Candidate {
    const looks: EmptyLook[] = ['wall', 'dark', 'street', 'fog'];
    const look = this.#random.pick(looks);
    return {
      content: { kind: 'empty', look, seed: this.#random.whole(1, 1e6) },
      text:
        look === 'street'
          ? 'an empty street, a road'
          : look === 'dark'
            ? 'dark, night'
            : look === 'fog'
              ? 'fog, mist'
              : 'a wall',
      labels: [`empty:${look}`],
      picture: null,
    };
  }

  /** In random order, the scenes of one thing never side by side where that can be. */
  #order(pieces: readonly Piece[], asking: readonly Asking[]): Piece[] {
    let best: Piece[] = [...pieces];
    let fewest = Infinity;
    for (let tries = 0; tries < 300 && fewest > 0; tries += 1) {
      const order = this.#random.shuffle(pieces);
      const clashes = order.filter((piece, index) => {
        const before = order[index - 1];
        return (
          before && asking.some(({ asked }) => asked.shows(piece.candidate) && asked.shows(before.candidate))
        );
      }).length;
      if (clashes < fewest) [best, fewest] = [order, clashes];
    }
    return best;
  }

  #nextConcepts(): Concept[] {
    return this.#random
      .shuffle(this.#concepts)
      .toSorted((a, b) => (this.#asked.get(a) ?? 0) - (this.#asked.get(b) ?? 0));
  }

  #leastUsed(candidates: readonly Candidate[]): Candidate[] {
    return this.#random
      .shuffle(candidates)
      .toSorted((a, b) => (this.#uses.get(a) ?? 0) - (this.#uses.get(b) ?? 0));
  }

  #camera(isWatching: boolean): Camera {
    const random = this.#random;
    const near = random.between(1, 1.3);
    const still = { x: random.next(), y: random.between(0.2, 0.8), zoom: near };
    // A pan ends on the other side of the picture.
    const across = { x: 1 - still.x, y: random.between(0.2, 0.8), zoom: near };
    const move = isWatching ? 'fixed' : random.pick(['fixed', 'pan', 'pan', 'zoom', 'hand', 'hand']);
    const to =
      move === 'fixed' || move === 'hand'
        ? still
        : move === 'pan'
          ? across
          : { ...still, zoom: near > 1.15 ? 1 : 1.35 };
    const base = random.between(0.75, 1.15);
    return {
      from: still,
      to,
      shake: move === 'hand' ? random.between(0.005, 0.03) : 0,
      exposure: [base, random.next() < 0.4 ? base * random.between(0.75, 1.3) : base],
      noise: random.next() < 0.6 ? random.between(0.02, 0.14) : 0,
      seed: random.whole(1, 1e6),
    };
  }

  #finish(
    id: string,
    { pieces, questions, fades }: { pieces: Piece[]; questions: Asking[]; fades: number },
  ): ClipPlan {
    const random = this.#random;
    const isWatching = pieces.filter(({ candidate }) => candidate === pieces[0]?.candidate).length > 2;
    const watching = this.#camera(true);
    const frameMs = 1000 / FRAME_RATE;
    let atMs = 0;
    const shots = pieces.map(({ candidate, ms }, index): Shot => {
      const startMs = atMs;
      atMs += Math.round(ms / frameMs) * frameMs;
      const isEmpty = candidate.content.kind === 'empty';
      const camera = isWatching && isEmpty ? watching : this.#camera(isWatching);
      const fadeMs = index > 0 && random.next() < fades ? random.pick([400, 800, 1200]) : 0;
      return { content: candidate.content, startMs, endMs: atMs, fadeMs, camera };
    });
    const scenes = pieces.map(({ candidate }, index) => ({
      startMs: shots[index]!.startMs,
      endMs: shots[index]!.endMs,
      source: candidate.picture?.id ?? candidate.labels[0]!,
      labels: candidate.labels,
    }));
    const asked = questions.map(({ asked: { text, shows }, kind }): Question => {
      const shown = scenes.filter((_, index) => shows(pieces[index]!.candidate));
      // A thing that fills the clip counts shot by shot; otherwise shots that touch are one scene.
      const spans =
        kind === 'whole' ? shown.map(({ startMs, endMs }) => ({ startMs, endMs })) : joinTouching(shown);
      return { text, kind: trueKind(kind, spans), spans };
    });
    const size = random.pick(SIZES);
    return {
      shotList: { ...size, frameRate: FRAME_RATE, durationMs: atMs, bitrate: BITRATE, shots },
      truth: { id, file: `${id}.webm`, half: this.#half, durationMs: atMs, scenes, questions: asked },
    };
  }
}

interface Asking {
  asked: Asked;
  kind: QuestionKind;
}

function shows(concept: Concept, { picture, labels }: Candidate): boolean {
  return picture ? showsConcept(picture, concept) : concept.labels.includes(labels[0] ?? '');
}

function mayShow(concept: Concept, candidate: Candidate): boolean {
  return concept.mayShow.test(candidate.text) || shows(concept, candidate);
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}

function trueKind(kind: QuestionKind, spans: readonly Span[]): QuestionKind {
  return kind === 'several' && spans.length === 1 ? 'moment' : kind;
}

function joinTouching(spans: readonly Span[]): Span[] {
  const joined: Span[] = [];
  for (const { startMs, endMs } of spans) {
    const last = joined.at(-1);
    if (last?.endMs === startMs) last.endMs = endMs;
    else joined.push({ startMs, endMs });
  }
  return joined;
}

/** The words of a text that tell it from others, singular. */
function telling(text: string): string[] {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? [];
  return words
    .filter((word) => word.length > 2 && !COMMON_WORDS.has(word))
    .map((word) => word.replace(/(?<=\w{3})s$/, ''));
}
