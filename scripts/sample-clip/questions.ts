/** A question that the clip answers, and the scene that answers it. */
export interface Question {
  readonly text: string;
  readonly sceneId: string;
}

/** Offered on the page as examples; `check.ts` says how well the bundled model answers them. */
export const QUESTIONS: readonly Question[] = [
  { text: 'a sandy beach', sceneId: 'beach' },
  { text: 'a red car', sceneId: 'car' },
  { text: 'snow on the mountains', sceneId: 'mountain' },
  { text: 'the city at night', sceneId: 'city' },
  { text: 'white flowers', sceneId: 'daisies' },
  { text: 'a coral reef', sceneId: 'reef' },
];

/** Other ways of asking, to see how far the examples are from luck; some are beyond a model of this size. */
export const OTHER_WORDINGS: readonly Question[] = [
  { text: 'a beach', sceneId: 'beach' },
  { text: 'waves on the beach', sceneId: 'beach' },
  { text: 'the sea and a blue sky', sceneId: 'beach' },
  { text: 'a car on the road', sceneId: 'car' },
  { text: 'a red car driving on a street', sceneId: 'car' },
  { text: 'a mountain', sceneId: 'mountain' },
  { text: 'a snowy mountain', sceneId: 'mountain' },
  { text: 'a green forest', sceneId: 'forest' },
  { text: 'a path through the forest', sceneId: 'forest' },
  { text: 'trees in the woods', sceneId: 'forest' },
  { text: 'buildings at night', sceneId: 'city' },
  { text: 'a city skyline', sceneId: 'city' },
  { text: 'flowers', sceneId: 'daisies' },
  { text: 'daisies', sceneId: 'daisies' },
  { text: 'a white and yellow flower', sceneId: 'daisies' },
  { text: 'fish under water', sceneId: 'reef' },
  { text: 'underwater', sceneId: 'reef' },
  { text: 'corals', sceneId: 'reef' },
  { text: 'a sunset', sceneId: 'sunset' },
  { text: 'the sun setting over the sea', sceneId: 'sunset' },
  { text: 'an orange sky', sceneId: 'sunset' },
];

/** What the clip does not show: the page is to say so. */
export const ABSENT: readonly string[] = [
  'a kitchen',
  'a dog',
  'a cat',
  'a bus',
  'a bicycle',
  'a parcel at the door',
  'a person with an umbrella',
  'a bedroom',
  'rain',
  'a horse',
];
