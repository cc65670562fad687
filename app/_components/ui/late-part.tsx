import { lazy, type ComponentType } from 'react';

/** What begins the fetch of a part anew, for each that has failed. */
const failed = new Set<() => void>();

/**
 * A component whose script is fetched when it is first shown. React keeps a failed fetch for ever; see
 * `renewFailedParts`.
 *
 * @param load fetches the script; rejects where that fails
 */
export function latePart<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): ComponentType<Props> {
  const begin = () =>
    lazy(() =>
      load().then(
        (part) => ({ default: part as ComponentType<object> }),
        (error: unknown) => {
          failed.add(renew);
          throw error;
        },
      ),
    );
  let Part = begin();
  const renew = () => (Part = begin());
  return function LatePart(props: Props) {
    return <Part {...props} />;
  };
}

/** Has the parts that could not be fetched fetched again when they are shown next: a person has asked for it. */
export function renewFailedParts(): void {
  for (const renew of failed) renew();
  failed.clear();
}
