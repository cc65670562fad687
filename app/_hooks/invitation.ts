import { ValueStore } from '@/lib/core/store';

const FRAGMENT = '#join=';

/** The invitation that the page was opened with, until it is used or put aside; null for none. */
export const invitation = new ValueStore<string | null>(null);

/** The part of an invitation's link that counts; null for another text. */
export function invitationIn(text: string): string | null {
  const start = text.indexOf(FRAGMENT);
  const part = start === -1 ? text.trim() : text.slice(start + FRAGMENT.length).trim();
  if (!part.startsWith('fsi_')) return null;
  // Some programs encode what stands behind the # of a link.
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function readAddress(): void {
  if (window.location.hash.startsWith(FRAGMENT)) invitation.set(invitationIn(window.location.hash) ?? '');
}

/**
 * Takes an invitation out of the address, where the next person who looks at the screen or the history would find it. Not
 * while the page starts: Next's router writes the address that it began with once more.
 */
export function clearAddress(): void {
  if (!window.location.hash.startsWith(FRAGMENT)) return;
  window.history.replaceState(null, '', window.location.pathname + window.location.search);
}

if (typeof window !== 'undefined') {
  readAddress();
  window.addEventListener('hashchange', readAddress);
}
