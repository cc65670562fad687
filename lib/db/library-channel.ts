/** BroadcastChannel on which changes to the library are announced to the page and to other tabs. */
export const LIBRARY_CHANNEL = 'framesift-library';

/** What is posted on LIBRARY_CHANNEL after a change. */
export interface LibraryChange {
  type: 'changed';
  eventId: string;
}
