import { useIsHydrated } from '../_hooks/use-is-hydrated';

/**
 * Says why nothing happens while the page's scripts are not there: switched off, or held back on their way. Without them
 * nothing can time a wait, so that the style sheet does.
 */
export function MissingScripts() {
  if (useIsHydrated()) return null;
  const look =
    'fixed inset-x-0 bottom-0 z-40 border-t border-line bg-warn-soft p-4 text-center text-sm text-warn';
  return (
    <>
      <noscript>
        <p className={look}>
          Framesift needs JavaScript, which is switched off here: all of its work is done by this page, on
          this computer.
        </p>
      </noscript>
      <p className={`${look} appear-late`}>
        The rest of this page has not arrived. Check the connection and reload the page; if it says so again,
        hold Shift while you reload. Do not clear this site’s data: your clips are in it.
      </p>
    </>
  );
}
