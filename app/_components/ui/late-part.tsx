import { lazy, useState, type ComponentType } from 'react';

/** What begins the fetch of a part anew, for each that has failed. */
const failed = new Set<() => void>();

/** A component whose script is fetched when it is first shown, or ahead of that. */
export type LatePart<Props extends object> = ComponentType<Props> & {
  /** Fetches the script ahead. A failure shows where the part is used. */
  prefetch: () => void;
};

/**
 * A component whose script is fetched when it is first shown. React keeps a failed fetch for ever; see
 * `renewFailedParts`.
 *
 * @param load fetches the script; rejects where that fails
 */
export function latePart<Props extends object>(load: () => Promise<ComponentType<Props>>): LatePart<Props> {
  let loaded: ComponentType<Props> | null = null;
  const fetchPart = async () => (loaded = await load());
  const begin = () =>
    lazy(() =>
      fetchPart().then(
        (part) => ({ default: part as ComponentType<object> }),
        (error: unknown) => {
          failed.add(renew);
          throw error;
        },
      ),
    );
  let Part = begin();
  const renew = () => (Part = begin());
  function Late(props: Props) {
    // A lazy component waits even where its script is there, and React keeps what stands in for it for 300 ms
    // (FALLBACK_THROTTLE_MS of React 19). While it is mounted it stays the same one.
    const [Shown] = useState<ComponentType<Props>>(() => loaded ?? Part);
    return <Shown {...props} />;
  }
  return Object.assign(Late, { prefetch: () => void fetchPart().catch(() => undefined) });
}

/** Has the parts that could not be fetched fetched again when they are shown next: a person has asked for it. */
export function renewFailedParts(): void {
  for (const renew of failed) renew();
  failed.clear();
}
