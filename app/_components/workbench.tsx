'use client';

import { useEffect, useRef, useState } from 'react';
import { modelOf } from '@/lib/core/model-store';
import { isActive } from '@/lib/ingest/ingest-status';
import { looksLikeModel } from '@/lib/models/own-model';
import type { ClipSummary } from '@/lib/ports/library';
import type { Sampling } from '@/lib/ports/media';
import type { GivenFile } from '@/lib/ports/models';
import { toFramesiftError } from '@/lib/shared/errors';
import { exposeConsoleApi } from '../_hooks/console-api';
import { getFramesift } from '../_hooks/framesift';
import { guard } from '../_hooks/guard';
import { isReadWithAnother } from '../_hooks/other-model';
import { readProviderPreference } from '../_hooks/provider-preference';
import { fetchSampleQuestions, SAMPLE_FILE_NAME } from '@/lib/core/sample-clip';
import { watchUnhandled } from '../_hooks/unhandled-errors';
import type { OpenedFile } from '@/lib/core/opened-files-store';
import { measureThreadsWhenIdle } from '../_hooks/measure-threads-when-idle';
import { findTwin } from '../_hooks/file-twin';
import { useSharedFile } from '../_hooks/use-shared-file';
import { useFileDrop } from '../_hooks/use-file-drop';
import { useModels } from '../_hooks/use-models';
import { useOffline } from '../_hooks/use-offline';
import { useOpenFiles } from '../_hooks/use-open-files';
import { usePagePlace } from '../_hooks/use-page-place';
import { useClips, useModel, useOpenedFiles, usePlaces, useReading, useWasEmpty } from '../_hooks/use-store';
import { DropHint } from './drop-hint';
import { Header } from './header';
import { LibraryList } from './library-list';
import { BetterModelNotice } from './models/better-model-notice';
import { ModelsChoice } from './models/models-choice';
import { NewVersionNotice } from './new-version-notice';
import { PageNotices } from './page-notices';
import { LibrariesChoice } from './sharing/libraries-choice';
import { LibraryKeeping } from './storage/library-keeping';
import { Deferred } from './ui/deferred';
import { ErrorBoundary } from './ui/error-boundary';
import { latePart } from './ui/late-part';
import { prefetch } from './ui/prefetch';
import { UndoBar } from './undo-bar';
import { Welcome } from './welcome';

const refresh = () => getFramesift().clips.refresh();
const retryModel = () => void getFramesift().model.start();

// Of no use before there is a clip, and more than half of the page's script.
const ClipView = latePart(() => import('./clip-view').then((module) => module.ClipView));
const OpenedFilePanel = latePart(() =>
  import('./opened-file-panel').then((module) => module.OpenedFilePanel),
);

/** A file that has just been opened may be read at once. */
const OFFER_DELAY_MS = 500;

const loadReading = () => import('../_hooks/read-clips');

/** Does something with the clips that are read. */
const guardReading = (action: (reading: Awaited<ReturnType<typeof loadReading>>) => Promise<unknown>) =>
  guard(async () => {
    await action(await loadReading());
  });

const resume = (clip: ClipSummary) => guardReading(({ resumeReading }) => resumeReading(clip));

/** The whole page: clips on one side, the clip at hand and its answers on the other. */
export function Workbench() {
  const model = useModel();
  const offline = useOffline(model);
  const models = useModels();
  const [modelsOpen, setModelsOpen] = useState(false);
  const { library, undoable } = useClips();
  const { files: openedFiles, refusals, inspecting } = useOpenedFiles();
  const statuses = useReading();
  const wasEmpty = useWasEmpty();
  const { selectedKey, addressedClipId, questions, ranges } = usePlaces();
  const [sampleQuestions, setSampleQuestions] = useState<string[]>([]);
  const [sampleBusy, setSampleBusy] = useState(false);
  const [startingKey, setStartingKey] = useState<string | null>(null);
  const picker = useRef<HTMLInputElement>(null);

  const loaded = model.state === 'ready' ? model.model : null;
  const clips = library.state === 'ready' ? library.clips : [];
  const opened = openedFiles.find(({ key }) => key === selectedKey) ?? null;
  const clip = opened ? null : (clips.find(({ id }) => id === selectedKey) ?? clips[0] ?? null);
  const { news, dismissNews, bringingIn, restored, openFiles } = useOpenFiles(clip?.id ?? null);
  const restoredHere = restored && restored.selection.clipIds[0] === clip?.id ? restored : null;
  const outdated = loaded ? clips.filter((other) => isReadWithAnother(other, loaded)) : [];
  const isReading = Array.from(statuses.values()).some(isActive);
  const shownFile = opened ?? (clip ? null : (openedFiles[0] ?? null));
  const twin = shownFile && findTwin(clips, shownFile, loaded);
  const sharedFile = useSharedFile(
    shownFile && !twin && library.state === 'ready' ? shownFile.fingerprint : null,
    loaded,
  );
  const isGone =
    addressedClipId !== null &&
    addressedClipId === selectedKey &&
    library.state === 'ready' &&
    !clips.some(({ id }) => id === addressedClipId);

  useEffect(() => {
    // A visitor with clips needs it at once; others do when they have chosen a file.
    if (!getFramesift().clips.wasEmpty()) ClipView.prefetch();
  }, []);

  useEffect(() => {
    exposeConsoleApi();
    getFramesift().start();
    void fetchSampleQuestions().then(setSampleQuestions);
    const forgetThreads = measureThreadsWhenIdle(getFramesift());
    const unwatch = watchUnhandled(getFramesift().tell);
    return () => {
      forgetThreads();
      unwatch();
    };
  }, []);

  usePagePlace(
    clip && !shownFile
      ? {
          clipId: clip.id,
          question: questions.get(clip.id) ?? null,
          range: ranges.get(clip.id) ?? null,
        }
      : null,
    (place) => getFramesift().places.go(place),
  );

  const open = (files: readonly File[]) => {
    OpenedFilePanel.prefetch();
    ClipView.prefetch();
    prefetch(loadReading);
    prefetch(() => import('@/lib/ingest/ingest-clip'));
    guard(() => openFiles(files));
  };
  const openGiven = (given: readonly GivenFile[]) => {
    if (looksLikeModel(given.map(({ path }) => path))) {
      setModelsOpen(true);
      models.refresh();
      models.lookInFiles(given);
    } else {
      open(given.map(({ file }) => file));
    }
  };
  const isDragging = useFileDrop(openGiven);

  const putAway = (file: OpenedFile) => getFramesift().openedFiles.remove(file.key);
  const startOpened = (file: OpenedFile, sampling: Sampling) =>
    guardReading(async ({ startReading }) => {
      setStartingKey(file.key);
      try {
        await startReading(file, sampling);
        putAway(file);
      } catch (error) {
        // Chosen again, it is another opened file.
        if (toFramesiftError(error).code === 'file-changed') putAway(file);
        throw error;
      } finally {
        setStartingKey(null);
      }
    });

  const trySample = () =>
    guardReading(async ({ readSampleClip }) => {
      ClipView.prefetch();
      setSampleBusy(true);
      try {
        await readSampleClip();
      } finally {
        setSampleBusy(false);
      }
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
        libraries={<LibrariesChoice library={library} />}
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
          open(files);
          event.target.value = '';
        }}
      />
      <div className="grid flex-1 grid-cols-[minmax(0,1fr)] md:grid-cols-[18rem_minmax(0,1fr)] md:grid-rows-[auto_1fr]">
        <aside className="border-b border-line bg-surface md:border-r md:border-b-0">
          <ErrorBoundary what="The list of clips">
            <LibraryList
              library={library}
              model={loaded}
              openedFiles={openedFiles}
              statuses={statuses}
              selectedKey={shownFile?.key ?? clip?.id ?? null}
              onSelect={(key) => getFramesift().places.select(key)}
              onDelete={(deleted) => {
                getFramesift().places.leaveAddress();
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
        <main className="min-w-0 md:col-start-2 md:row-span-2 md:row-start-1">
          <div className="space-y-2 px-4 pt-4 empty:hidden">
            <NewVersionNotice offline={offline} isReading={isReading} />
            <PageNotices
              library={library}
              model={model}
              onRetryModel={retryModel}
              refusals={refusals}
              onDismissRefusal={(key) => getFramesift().openedFiles.dismiss(key)}
              news={news}
              onDismissNews={dismissNews}
              isGone={isGone}
              onDismissGone={() => getFramesift().places.select(null)}
              bringingIn={bringingIn}
              isInspecting={inspecting > 0}
            />
          </div>
          <Deferred key={shownFile?.key ?? clip?.id ?? ''} what="This clip">
            {shownFile ? (
              <OpenedFilePanel
                key={shownFile.key}
                opened={shownFile}
                twin={twin}
                sharedFile={sharedFile}
                onUseTwin={(clipOfTwin) =>
                  guardReading(async ({ takeFramesOf }) => {
                    await takeFramesOf(clipOfTwin, shownFile);
                    putAway(shownFile);
                  })
                }
                onShowTwin={(twin) => {
                  putAway(shownFile);
                  getFramesift().places.select(twin.id);
                }}
                betterModel={
                  <BetterModelNotice
                    models={models}
                    loaded={loaded}
                    isWanted={clips.length === 0}
                    isReading={isReading}
                    use="before reading"
                    delayMs={OFFER_DELAY_MS}
                    onReady={() => undefined}
                  />
                }
                onTrack={(track) => guard(() => getFramesift().openedFiles.chooseTrack(shownFile, track))}
                onStart={(sampling) => startOpened(shownFile, sampling)}
                isStarting={startingKey === shownFile.key}
                isLibraryOpening={library.state === 'opening'}
                onDismiss={() => putAway(shownFile)}
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
                onRange={(range) => getFramesift().places.limit(clip.id, range)}
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
                onAsk={(question) => getFramesift().places.ask(clip.id, question)}
                onClear={() => getFramesift().places.ask(clip.id, null)}
                onCancel={() => getFramesift().reading.cancel(clip.id)}
                onResume={() => resume(clip)}
                onReplace={(old, file) => guardReading(({ replaceClip }) => replaceClip(old, file))}
                onKeep={() => guardReading(({ keepAsRead }) => keepAsRead(clip))}
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
        {/* Below everything else where there is one column. */}
        <aside
          aria-label="What the library takes"
          className="bg-surface md:col-start-1 md:row-start-2 md:border-r md:border-line"
        >
          <ErrorBoundary what="The storage">
            <LibraryKeeping
              library={library}
              statuses={statuses}
              onRestore={() => picker.current?.click()}
              onRetry={() => void refresh()}
            />
          </ErrorBoundary>
        </aside>
      </div>
      {undoable && <UndoBar deleted={undoable} />}
      {isDragging && <DropHint />}
    </div>
  );
}
