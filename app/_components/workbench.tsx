'use client';

import type { EventSummary } from '@/lib/ports/library';
import type { Sampling } from '@/lib/ports/media';
import type { GivenFile } from '@/lib/ports/models';
import type { TimeRange } from '@/lib/ports/search';
import { Upload } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import type { Question } from '@/lib/ask/question';
import type { ImportOutcome } from '@/lib/exchange/import';
import type { ExportTask } from '@/lib/exchange/pictures';
import type { RecognisedExport } from '@/lib/exchange/recognise';
import { isActive } from '@/lib/ingest/ingest-status';
import { assertUnchanged } from '@/lib/shared/file-changed';
import { parseSampling, planClip, startClip } from '@/lib/ingest/start-clip';
import { looksLikeModel } from '@/lib/models/own-model';
import { askToKeepStorage } from '@/lib/shared/browser-storage';
import { isCancelled, toFramesiftError } from '@/lib/shared/errors';
import { isolateName } from '@/lib/shared/format';
import { tellPictureKind } from '@/lib/media/picture-kind';
import { exposeConsoleApi } from '../_hooks/console-api';
import { getFramesift } from '../_hooks/framesift';
import { fetchSampleClip, fetchSampleQuestions, SAMPLE_FILE_NAME } from '../_hooks/sample-clip';
import { rememberFile } from '../_hooks/clip-files';
import { readClipFileOf } from '../_hooks/use-clip-file';
import { inspectFile, useDrafts, type Draft } from '../_hooks/use-drafts';
import { watchUnhandled } from '../_hooks/unhandled-errors';
import { useFileDrop } from '../_hooks/use-file-drop';
import { isReadWithAnother } from '../_hooks/other-model';
import { readProviderPreference } from '../_hooks/provider-preference';
import { BUNDLED_CHOICE, readModelChoice, saveModelChoice } from '../_hooks/model-settings';
import { modelOf } from '@/lib/core/model-store';
import { modelOptions } from '../_hooks/model-choices';
import { useClips, useModel, useNotices, useReading, useWasEmpty } from '../_hooks/use-store';
import { openingPlace, usePagePlace, type Place } from '../_hooks/use-page-place';
import type { RestoredSelection } from '../_hooks/saved-selection';
import { useOffline } from '../_hooks/use-offline';
import { useModels } from '../_hooks/use-models';
import { Header } from './header';
import { LibraryList } from './library-list';
import { NewVersionNotice } from './new-version-notice';
import { BetterModelNotice } from './models/better-model-notice';
import { ModelsChoice } from './models/models-choice';
import { Button } from './ui/button';
import { Deferred } from './ui/deferred';
import { ErrorBoundary } from './ui/error-boundary';
import { latePart } from './ui/late-part';
import { Notice } from './ui/notice';
import { prefetch } from './ui/prefetch';
import { ProgressBar } from './ui/progress-bar';
import { Welcome } from './welcome';

const setMessage = (message: string | null) => getFramesift().tell(message);
const refresh = () => getFramesift().clips.refresh();
const retryModel = () => void getFramesift().model.start();

// Of no use before there is a clip, and half of the page's script.
const loadClipView = () => import('./clip-view');
const ClipView = latePart(() => loadClipView().then((module) => module.ClipView));
const PrivateWindowNotice = latePart(() =>
  import('./private-window-notice').then((module) => module.PrivateWindowNotice),
);
const loadDraftPanel = () => import('./draft-panel');
const DraftPanel = latePart(() => loadDraftPanel().then((module) => module.DraftPanel));

/** The whole page: clips on one side, the clip at hand and its answers on the other. */
export function Workbench() {
  const model = useModel();
  const offline = useOffline(model);
  const models = useModels((choice) => getFramesift().model.change(choice));
  const [modelsOpen, setModelsOpen] = useState(false);
  const { library, undoable } = useClips();
  const { message, silence } = useNotices();
  const { drafts, refusals, inspecting, addFiles, chooseTrack, removeDraft, dismissRefusal } = useDrafts();
  const statuses = useReading();
  const wasEmpty = useWasEmpty();
  const [opened, setOpened] = useState(openingPlace);
  const [selectedKey, setSelectedKey] = useState(opened.clipId);
  const [questions, setQuestions] = useState(() => entryOf(opened.clipId, opened.question));
  const [ranges, setRanges] = useState(() => entryOf(opened.clipId, opened.range));
  const [sampleQuestions, setSampleQuestions] = useState<string[]>([]);
  const [sampleBusy, setSampleBusy] = useState(false);
  const [news, setNews] = useState<string | null>(null);
  const [bringingIn, setBringingIn] = useState<BringingIn | null>(null);
  const [restored, setRestored] = useState<{ key: string; selection: RestoredSelection } | null>(null);
  const [startingKey, setStartingKey] = useState<string | null>(null);
  const picker = useRef<HTMLInputElement>(null);

  const loaded = model.state === 'ready' ? model.model : null;
  const clips = library.state === 'ready' ? library.clips : [];
  const draft = drafts.find(({ key }) => key === selectedKey) ?? null;
  const clip = draft ? null : (clips.find(({ id }) => id === selectedKey) ?? clips[0] ?? null);
  const restoredHere = restored && restored.selection.eventIds[0] === clip?.id ? restored : null;
  const outdated = loaded ? clips.filter((other) => isReadWithAnother(other, loaded)) : [];
  const isReading = Array.from(statuses.values()).some(isActive);
  const shownDraft = draft ?? (clip ? null : (drafts[0] ?? null));

  useEffect(() => {
    // A visitor with clips needs it at once; others do when they have chosen a file.
    if (!getFramesift().clips.wasEmpty()) prefetch(loadClipView);
  }, []);

  useEffect(() => {
    exposeConsoleApi();
    getFramesift().start();
    void fetchSampleQuestions().then(setSampleQuestions);
    return watchUnhandled(setMessage);
  }, []);

  const ask = (eventId: string, question: Question | null) =>
    setQuestions((current) => withEntry(current, eventId, question));
  const limit = (eventId: string, range: TimeRange | null) =>
    setRanges((current) => withEntry(current, eventId, range));

  usePagePlace(
    clip && !shownDraft
      ? {
          clipId: clip.id,
          question: questions.get(clip.id) ?? null,
          range: ranges.get(clip.id) ?? null,
        }
      : null,
    (place: Place) => {
      setOpened(place);
      setSelectedKey(place.clipId);
      if (place.clipId === null) return;
      ask(place.clipId, place.question);
      limit(place.clipId, place.range);
    },
  );
  const isGone =
    opened.clipId !== null &&
    opened.clipId === selectedKey &&
    library.state === 'ready' &&
    !clips.some(({ id }) => id === opened.clipId);

  const guard = (action: () => Promise<void>) => {
    setMessage(null);
    action().catch((error: unknown) => setMessage(toFramesiftError(error).message));
  };

  /** Takes what Framesift once exported out of the files, and brings it in. */
  const importExports = async (files: readonly File[]): Promise<File[]> => {
    const { recogniseExport } = await import('@/lib/exchange/recognise');
    const others: File[] = [];
    for (const file of files) {
      const recognised = await recogniseExport(file);
      if (!recognised) {
        others.push(file);
        continue;
      }
      const ending = new AbortController();
      const show = (done: number, total: number) =>
        setBringingIn({ name: file.name, done, total, stop: () => ending.abort() });
      show(0, 0);
      try {
        const outcome = await bringIn(file, recognised, { signal: ending.signal, onProgress: show });
        if (!outcome) {
          others.push(file);
          continue;
        }
        if (outcome.clipIds.length > 0) askToKeepStorage();
        await refresh();
        setNews(outcome.sentence);
        const [eventId] = outcome.selection?.clips.map((known) => known.eventId) ?? outcome.clipIds;
        if (outcome.selection && eventId !== undefined) {
          const { restoreSelection } = await import('../_hooks/saved-selection');
          const selection = await restoreSelection(outcome.selection);
          ask(eventId, selection.question);
          limit(eventId, selection.range);
          setRestored({ key: `${eventId} ${performance.now()}`, selection });
        }
        if (eventId !== undefined) setSelectedKey(eventId);
      } catch (error) {
        const sentence = `${isolateName(file.name)}: ${toFramesiftError(error).message}`;
        if (isCancelled(error)) setNews(sentence);
        else setMessage(sentence);
        await refresh();
      } finally {
        setBringingIn(null);
      }
    }
    return others;
  };

  const openFiles = async (given: readonly File[]) => {
    prefetch(loadDraftPanel);
    prefetch(loadClipView);
    setMessage(null);
    setNews(null);
    const files = await importExports(given);
    const kinds = await Promise.all(files.map(tellPictureKind));
    const videos = files.filter((_, i) => kinds[i]?.kind !== 'picture');
    const at = kinds.findIndex((told) => told?.kind === 'picture');
    const picture = files[at];
    if (picture && videos.length === 0) {
      const isNamedAsPicture = picture.type.startsWith('image/');
      const what = isNamedAsPicture
        ? ''
        : `${isolateName(picture.name)} is a picture (${kinds[at]!.name}), not a video. `;
      if (clip) {
        const { addAttachment, pictureAttachment } = await import('@/lib/ask/attachments');
        ask(clip.id, addAttachment(null, pictureAttachment(picture)));
        if (what !== '') setNews(`${what}The frames that look like it are searched for.`);
      } else {
        setMessage(`${what}Open a clip first; then a dropped picture finds the frames that look like it.`);
      }
      return;
    }
    const [first] = await addFiles(videos);
    if (first) setSelectedKey(first.key);
  };
  const openGiven = (given: readonly GivenFile[]) => {
    if (looksLikeModel(given.map(({ path }) => path))) {
      setModelsOpen(true);
      models.refresh();
      models.lookInFiles(given);
    } else {
      guard(() => openFiles(given.map(({ file }) => file)));
    }
  };
  const isDragging = useFileDrop(openGiven);

  const start = async (opened: Omit<Draft, 'key' | 'preview'>, sampling: Sampling): Promise<string> => {
    const { services, reading } = getFramesift();
    await assertUnchanged(opened.file);
    // Asked for once a person has put something here that they would miss.
    askToKeepStorage();
    const eventId = await startClip(services, reading, { ...opened, sampling, model: modelOptions() });
    rememberFile(eventId, opened.file);
    await refresh();
    setSelectedKey(eventId);
    return eventId;
  };

  /** Reads a file in place of a clip, which stays until all of the new one is there. */
  const replace = (old: EventSummary, file: File) =>
    guard(async () => {
      const eventId = await start(await inspectFile(file), parseSampling(old.sampling));
      getFramesift().reading.replaceWhenRead(old.id, eventId);
      const question = questions.get(old.id);
      if (question) ask(eventId, question);
    });

  const keep = (event: EventSummary) =>
    guard(async () => {
      await getFramesift().services.database.updateEvent(event.id, {
        ingestState: 'done',
        ingestError: null,
        framesPlanned: event.embeddingCount,
      });
      await refresh();
    });

  const startDraft = (opened: Draft, sampling: Sampling) =>
    guard(async () => {
      setStartingKey(opened.key);
      try {
        await start(opened, sampling);
        removeDraft(opened.key);
      } catch (error) {
        // Chosen again, it comes as a draft of its own.
        if (toFramesiftError(error).code === 'file-changed') removeDraft(opened.key);
        throw error;
      } finally {
        setStartingKey(null);
      }
    });

  const trySample = () =>
    guard(async () => {
      prefetch(loadClipView);
      setSampleBusy(true);
      try {
        const file = await fetchSampleClip();
        await start(await inspectFile(file), { kind: 'rate', framesPerSecond: 2 });
      } finally {
        setSampleBusy(false);
      }
    });

  const resume = (event: EventSummary) =>
    guard(async () => {
      const { reading, services } = getFramesift();
      const file = await readClipFileOf(event.id);
      if (!file) {
        setMessage(
          'The clip’s file is not in this browser any more. Choose it below the picture, then go on.',
        );
        return;
      }
      const { facts, decoder } = await inspectFile(
        new File([file], event.fileName ?? 'clip', { type: file.type }),
      );
      reading.add({
        eventId: event.id,
        file,
        requests: await planClip(
          (clip) => services.openClip(clip),
          file,
          facts.durationMs,
          parseSampling(event.sampling),
        ),
        decoder,
        model: modelOptions(),
      });
    });

  return (
    <div className="flex min-h-dvh flex-col">
      <Header
        model={model}
        onRetryModel={retryModel}
        provider={{
          preference: modelOf(model) ? readProviderPreference() : 'auto',
          isReading,
          onChoose: (preference) => guard(() => getFramesift().model.changeProvider(preference)),
        }}
        library={library}
        offline={offline}
        models={
          <ModelsChoice
            models={models}
            loaded={loaded}
            isReading={isReading}
            isOpen={modelsOpen}
            onOpenChange={setModelsOpen}
          />
        }
      />
      <input
        ref={picker}
        type="file"
        accept="video/*,image/*,.mkv,.ts,.mov,.avi,.flv,.zip,.jsonl,.sql,.csv,.tsv,.txt,.json,.tar"
        multiple
        hidden
        data-testid="file-input"
        onChange={(event) => {
          const files = Array.from(event.target.files ?? []);
          guard(() => openFiles(files));
          event.target.value = '';
        }}
      />
      <div className="grid flex-1 grid-cols-[minmax(0,1fr)] md:grid-cols-[18rem_minmax(0,1fr)]">
        <aside className="border-b border-line bg-surface md:border-r md:border-b-0">
          <ErrorBoundary what="The list of clips">
            <LibraryList
              library={library}
              model={loaded}
              drafts={drafts}
              statuses={statuses}
              selectedKey={shownDraft?.key ?? clip?.id ?? null}
              onSelect={setSelectedKey}
              onDelete={(deleted) => {
                setOpened({ clipId: null, question: null, range: null });
                getFramesift().clips.remove(deleted);
              }}
              onAdd={() => picker.current?.click()}
              onTrySample={
                clips.length > 0 && !clips.some(({ fileName }) => fileName === SAMPLE_FILE_NAME)
                  ? trySample
                  : null
              }
              sampleBusy={sampleBusy}
              onRetry={() => void refresh()}
            />
          </ErrorBoundary>
        </aside>
        <main className="min-w-0">
          <div className="space-y-2 px-4 pt-4 empty:hidden">
            <NewVersionNotice offline={offline} isReading={Array.from(statuses.values()).some(isActive)} />
            {library.state === 'ready' && library.database.store === 'memory' && (
              <Notice tone="warn">
                This browser keeps nothing for this site, so clips and settings are gone when you close or
                reload the page. To keep them, allow cookies and site data for this site, then reload.
              </Notice>
            )}
            {library.state === 'ready' && library.database.store !== 'memory' && (
              <Deferred what="A notice" waiting={null}>
                <PrivateWindowNotice />
              </Deferred>
            )}
            {silence && <Notice tone="warn">{silence}</Notice>}
            {message && (
              <Notice
                tone="danger"
                actions={
                  <Button variant="ghost" onClick={() => setMessage(null)}>
                    Dismiss
                  </Button>
                }
              >
                {message}
              </Notice>
            )}
            {refusals.map(({ key, fileName, message: reason }) => (
              <Notice
                key={key}
                tone="danger"
                actions={
                  <Button variant="ghost" onClick={() => dismissRefusal(key)}>
                    Dismiss
                  </Button>
                }
              >
                <strong className="font-semibold">
                  <bdi>{fileName}</bdi>
                </strong>
                : {reason}
              </Notice>
            ))}
            {news && (
              <Notice
                tone="info"
                actions={
                  <Button variant="ghost" onClick={() => setNews(null)}>
                    Dismiss
                  </Button>
                }
              >
                {news}
              </Notice>
            )}
            {isGone && (
              <Notice
                tone="info"
                actions={
                  <Button variant="ghost" onClick={() => setSelectedKey(null)}>
                    Dismiss
                  </Button>
                }
              >
                The clip of this address is not in this browser’s library. It may have been deleted, or read
                in another browser; open its file to read it here.
              </Notice>
            )}
            {bringingIn && (
              <Notice
                tone="info"
                actions={
                  bringingIn.total > 0 && (
                    <Button variant="ghost" onClick={bringingIn.stop}>
                      Cancel
                    </Button>
                  )
                }
              >
                Bringing in <bdi>{bringingIn.name}</bdi>…
                {bringingIn.total > 0 && (
                  <ProgressBar value={bringingIn.done} max={bringingIn.total} label="Brought in" />
                )}
              </Notice>
            )}
            {inspecting && <Notice tone="info">Looking at the file…</Notice>}
            {model.state === 'failed' && (
              <Notice
                tone="danger"
                actions={
                  <>
                    <Button onClick={retryModel}>Try again</Button>
                    {readModelChoice().modelId !== BUNDLED_CHOICE.modelId && (
                      <Button
                        onClick={() => {
                          saveModelChoice(BUNDLED_CHOICE);
                          retryModel();
                        }}
                      >
                        Use the bundled model
                      </Button>
                    )}
                  </>
                }
              >
                {model.message}
              </Notice>
            )}
          </div>
          <Deferred key={shownDraft?.key ?? clip?.id ?? ''} what="This clip">
            {shownDraft ? (
              <DraftPanel
                key={shownDraft.key}
                draft={shownDraft}
                twin={clips.find(({ fileFingerprint }) => fileFingerprint === shownDraft.fingerprint) ?? null}
                onShowTwin={(twin) => {
                  removeDraft(shownDraft.key);
                  setSelectedKey(twin.id);
                }}
                betterModel={
                  <BetterModelNotice
                    models={models}
                    loaded={loaded}
                    isWanted={clips.length === 0}
                    isReading={isReading}
                    use="before reading"
                    onReady={() => undefined}
                  />
                }
                onTrack={(track) => guard(() => chooseTrack(shownDraft, track))}
                onStart={(sampling) => startDraft(shownDraft, sampling)}
                isStarting={startingKey === shownDraft.key}
                isLibraryOpening={library.state === 'opening'}
                onDismiss={() => removeDraft(shownDraft.key)}
              />
            ) : clip ? (
              <ClipView
                key={restoredHere ? restoredHere.key : clip.id}
                clip={clip}
                restored={restoredHere ? restoredHere.selection : null}
                clips={clips}
                status={statuses.get(clip.id)}
                model={loaded}
                question={questions.get(clip.id) ?? null}
                range={ranges.get(clip.id) ?? null}
                onRange={(range) => limit(clip.id, range)}
                betterModel={(isWanted) => (
                  <BetterModelNotice
                    models={models}
                    loaded={loaded}
                    isWanted={isWanted}
                    isReading={isReading}
                    use="and ask again"
                    onReady={() => resume(clip)}
                  />
                )}
                examples={
                  clip.fileName === SAMPLE_FILE_NAME && sampleQuestions.length > 0 ? sampleQuestions : null
                }
                onAsk={(question) => ask(clip.id, question)}
                onClear={() => ask(clip.id, null)}
                onCancel={() => getFramesift().reading.cancel(clip.id)}
                onResume={() => resume(clip)}
                onReplace={replace}
                onKeep={() => keep(clip)}
                outdatedCount={outdated.length}
                onRereadAll={() => outdated.forEach(resume)}
              />
            ) : (
              (library.state !== 'opening' || wasEmpty) && (
                <Welcome
                  onChooseFiles={() => picker.current?.click()}
                  onTrySample={trySample}
                  sampleBusy={sampleBusy}
                />
              )
            )}
          </Deferred>
        </main>
      </div>
      {undoable && (
        <div
          role="status"
          className="fixed bottom-4 left-1/2 z-20 flex -translate-x-1/2 items-center gap-4 rounded-xl bg-ink px-4 py-2.5 text-sm text-canvas shadow-xl"
        >
          <span className="max-w-64 truncate">
            Deleted <bdi>{undoable.fileName ?? undoable.description}</bdi>
          </span>
          <button
            type="button"
            className="rounded px-2 py-1 font-semibold underline"
            onClick={() => getFramesift().clips.undoRemove()}
          >
            Undo
          </button>
        </div>
      )}
      {isDragging && (
        <div className="pointer-events-none fixed inset-0 z-40 flex items-center justify-center bg-black/60 p-6">
          <div className="flex items-center gap-3 rounded-2xl border-2 border-dashed border-white px-8 py-6 text-lg font-medium text-white">
            <Upload aria-hidden className="size-6" /> Drop a clip, a picture to search with, an export or a
            model
          </div>
        </div>
      )}
    </div>
  );
}

/** Brings in a file of ours; its clips are listed by the next `refresh`. */
async function bringIn(
  file: File,
  { kind }: RecognisedExport,
  task: ExportTask,
): Promise<ImportOutcome | null> {
  const { clips, services } = getFramesift();
  const release = clips.holdNew();
  try {
    // A clip whose deletion waits to be undone would be deleted when it is back.
    if (kind === 'library') await clips.finishRemovals();
    const { importFile } = await import('@/lib/exchange/import');
    return await importFile(services, file, task);
  } finally {
    release();
  }
}

/** A file that comes in: how much of it has, where that is known, and what stops it. */
interface BringingIn {
  name: string;
  done: number;
  total: number;
  stop: () => void;
}

function entryOf<T>(key: string | null, value: T | null): ReadonlyMap<string, T> {
  return new Map(key === null || value === null ? [] : [[key, value]]);
}

/** A map with another value of a key; without the key for null. */
function withEntry<T>(map: ReadonlyMap<string, T>, key: string, value: T | null): ReadonlyMap<string, T> {
  const next = new Map(map);
  if (value === null) next.delete(key);
  else next.set(key, value);
  return next;
}
