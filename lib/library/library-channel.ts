/** BroadcastChannel on which the owner of the library tells every page what has changed. */
export const LIBRARY_CHANNEL = 'framesift-library-2';
