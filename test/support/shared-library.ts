import type { SharedLibrary } from '@/lib/ports/sharing';

/** A library that a browser has joined and looked into: its clips are copied, and it may write. */
export const madeLibrary = (changes: Partial<SharedLibrary> = {}): SharedLibrary => ({
  id: 'yard',
  server: 'https://yard.example',
  name: 'Yard',
  token: 'fsl_yard',
  scope: 'write',
  deviceId: 'd',
  joinedAt: new Date(0),
  isPaused: false,
  holding: 'copies',
  after: 0,
  epoch: 'e',
  syncedAt: null,
  ...changes,
});
