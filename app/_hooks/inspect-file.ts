import type { FramesiftServices } from '@/lib/core/services';
import type { Inspection } from '@/lib/core/opened-files-store';
import { openSomehow, type OpenedSomehow } from '@/lib/ingest/open-somehow';
import { fingerprintFile } from '@/lib/ingest/start-clip';
import { openVideoElement } from '@/lib/media/element-frames';
import { tellPictureKind } from '@/lib/media/picture-kind';
import { describeShortPlayer } from '@/lib/media/player-look';
import type { ClipFacts } from '@/lib/ports/media';
import { FramesiftError } from '@/lib/shared/errors';
import { readSwitches } from './switches';

/** What looking at a file needs of the workers. */
type InspectionServices = Pick<FramesiftServices, 'video' | 'openClip'>;

/** In pixels. */
const PREVIEW_WIDTH = 320;

/** What a player does not tell of a clip. */
const PLAYER_FACTS = {
  container: 'video',
  codec: 'a codec that only the player knows',
  codecString: null,
  rotationDegrees: 0,
  averageFrameRate: null,
  hasAudio: false,
  videoTrack: 0,
  videoTracks: [],
  decodable: false,
} satisfies Partial<ClipFacts>;

/** The clip to read of a file: an animation's as video, any other's itself. Texts are refused. */
export async function clipFileOf(
  { video }: InspectionServices,
  file: File,
): Promise<{ file: File; animation: string | null }> {
  const told = await tellPictureKind(file);
  if (told?.kind === 'text') {
    throw new FramesiftError(
      'unsupported-video',
      `This is ${told.name}, not a video. A download that failed often leaves one: fetch the clip again.`,
    );
  }
  if (told?.kind !== 'animation') return { file, animation: null };
  const { name, lastModified } = file;
  const clip = await video.clipOfAnimation(file, told.mediaType, told.name);
  return {
    file: new File([clip], name, { type: clip.type, lastModified }),
    animation: `${told.name} animation`,
  };
}

/**
 * Looks at a file: its facts, a picture, and the decoder that can read it. WebCodecs is tried first; a
 * format or codec that it does not know may still be one that the browser's player plays.
 *
 * @throws FramesiftError with a sentence on what the file is and what to do, when neither can
 */
export async function inspectFile(services: InspectionServices, given: File): Promise<Inspection> {
  const { file, animation } = await clipFileOf(services, given);
  // The file that a person has is the one to be recognised.
  const fingerprint = fingerprintFile(given);
  // What the decoder says of a file that cannot be read is told first.
  fingerprint.catch(() => undefined);
  const opened = await openFile(services, file);
  if (animation !== null) opened.facts = { ...opened.facts, container: animation, bytes: given.size };
  return { ...opened, file, fingerprint: await fingerprint };
}

async function openFile(services: InspectionServices, file: File): Promise<OpenedSomehow> {
  const clip = services.openClip(file);
  const preview = async () => new Blob([(await clip.preview()).thumbnail]);
  return openSomehow({
    decoder: readSwitches().decoder === 'auto' ? { facts: () => clip.facts(), preview } : null,
    player: (known) => inspectInPlayer(file, known),
  });
}

/** Facts from the browser's player, which must show a picture to be believed. */
async function inspectInPlayer(file: File, known: ClipFacts | undefined): Promise<OpenedSomehow> {
  const element = await openVideoElement(file);
  try {
    const bitmap = await element.preview(element.facts.durationMs / 10);
    const canvas = new OffscreenCanvas(
      PREVIEW_WIDTH,
      Math.round((PREVIEW_WIDTH * bitmap.height) / bitmap.width),
    );
    canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    bitmap.close();
    const facts: ClipFacts = { ...PLAYER_FACTS, ...element.facts, ...known, decodable: false };
    // What kept WebCodecs from the clip is no problem any more.
    delete facts.problem;
    const isShort = known && describeShortPlayer(known.durationMs, element.facts.durationMs);
    if (isShort) facts.problem = isShort;
    return { facts, decoder: 'element', preview: await canvas.convertToBlob() };
  } finally {
    element.close();
  }
}
