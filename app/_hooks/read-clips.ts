import type { ClipSummary } from '@/lib/ports/library';
import type { Sampling } from '@/lib/ports/media';
import type { Inspection } from '@/lib/core/opened-files-store';
import { parseSampling, planClip, startClip } from '@/lib/ingest/start-clip';
import { askToKeepStorage } from '@/lib/shared/browser-storage';
import { assertUnchanged } from '@/lib/shared/file-changed';
import { rememberFile } from './clip-files';
import { getFramesift } from './framesift';
import { inspectFile } from './inspect-file';
import { modelOptions } from './model-choices';
import { fetchSampleClip } from '@/lib/core/sample-clip';
import { readClipFileOf } from './use-clip-file';

const inspect = (file: File) => inspectFile(getFramesift().services, file);

/** Begins to read a file that was looked at, shows its clip, and gives the clip's id. */
export async function startReading(inspected: Inspection, sampling: Sampling): Promise<string> {
  const { clips, places, reading, services } = getFramesift();
  await assertUnchanged(inspected.file);
  // Asked for once a person has put something here that they would miss.
  askToKeepStorage();
  const clipId = await startClip(services, reading, { ...inspected, sampling, model: modelOptions() });
  rememberFile(clipId, inspected.file);
  await clips.refresh();
  places.select(clipId);
  return clipId;
}

/** Shows the clip that was made from a file before, with the file: nothing is read. What a library alone has of it comes then. */
export async function takeFramesOf(twin: ClipSummary, { file }: Inspection): Promise<void> {
  const { clips, places, services } = getFramesift();
  await assertUnchanged(file);
  askToKeepStorage();
  rememberFile(twin.id, file);
  // Playing after a reload is a comfort, as after reading.
  void services.database
    .storeClipFile(twin.id, file)
    .then(() => clips.refresh())
    .catch(() => null);
  places.select(twin.id);
}

/** Reads a file in place of a clip, which stays until all of the new one is there. */
export async function replaceClip(old: ClipSummary, file: File): Promise<void> {
  const { places, reading } = getFramesift();
  const clipId = await startReading(await inspect(file), parseSampling(old.sampling));
  reading.replaceWhenRead(old.id, clipId);
  const question = places.get().questions.get(old.id);
  if (question) places.ask(clipId, question);
}

/** Counts a clip as read with what there is of it. */
export async function keepAsRead({ id, embeddingCount }: ClipSummary): Promise<void> {
  const { clips, services } = getFramesift();
  await services.database.updateClip(id, {
    ingestState: 'done',
    ingestError: null,
    framesPlanned: embeddingCount,
  });
  await clips.refresh();
}

/** Goes on with a clip that was not read to its end, or reads it with the model that is loaded. */
export async function resumeReading({ id, fileName, sampling }: ClipSummary): Promise<void> {
  const { reading, services, tell } = getFramesift();
  const file = await readClipFileOf(id);
  if (!file) {
    tell('The clip’s file is not in this browser any more. Choose it below the picture, then go on.');
    return;
  }
  const { facts, decoder } = await inspect(new File([file], fileName ?? 'clip', { type: file.type }));
  const requests = await planClip(
    (clip) => services.openClip(clip),
    file,
    facts.durationMs,
    parseSampling(sampling),
  );
  reading.add({ clipId: id, file, requests, decoder, model: modelOptions() });
}

/** Reads the sample clip, and shows it. */
export async function readSampleClip(): Promise<void> {
  const file = await fetchSampleClip();
  await startReading(await inspect(file), { kind: 'rate', framesPerSecond: 2 });
}
