'use client';

import type { LoadedModel } from '@/lib/ports/encoder';
import { Dialog } from 'radix-ui';
import type { ModelChoice } from '../../_hooks/model-settings';
import type { Models } from '../../_hooks/use-models';
import { Button } from '../ui/button';
import { DialogFrame } from '../ui/dialog-frame';
import { Notice } from '../ui/notice';
import { DownloadProgress } from './download-progress';
import { ModelsButton } from './models-button';
import { MirrorForm } from './mirror-form';
import { ModelCard } from './model-card';
import { OwnModel } from './own-model';

/** Where a person chooses which model the page works with, and fetches or removes models. */
export function ModelsDialog({
  models,
  loaded,
  isReading,
  isOpen,
  onOpenChange,
}: {
  models: Models;
  /** The model at work; null while one is being started. */
  loaded: LoadedModel | null;
  /** A clip is being read: the model cannot be changed under it. */
  isReading: boolean;
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
}) {
  const { listings, download, problem } = models;
  const inUse: ModelChoice | null = loaded && { modelId: loaded.modelId, dtype: loaded.dtype };
  return (
    <Dialog.Root
      open={isOpen}
      onOpenChange={(open) => {
        if (open) models.refresh();
        onOpenChange(open);
      }}
    >
      <Dialog.Trigger asChild>
        <ModelsButton models={models} />
      </Dialog.Trigger>
      <DialogFrame
        title="Models"
        description="A model turns frames and questions into numbers that can be compared. Clips are asked with the model that they were read with; nothing is fetched before you say so."
        closeLabel="Close models"
        testId="models-dialog"
      >
        <div className="mt-4 space-y-4">
          {problem && (
            <Notice
              tone="danger"
              actions={
                <Button variant="ghost" onClick={models.dismissProblem}>
                  Dismiss
                </Button>
              }
            >
              {problem}
            </Notice>
          )}
          {isReading && (
            <Notice tone="info">
              A clip is being read. The model can be changed when it is done or stopped.
            </Notice>
          )}
          {download?.choice === null && <DownloadProgress download={download} onStop={models.stopDownload} />}
          {listings === null && !problem && <p className="text-sm text-ink-2">Looking at what is here…</p>}
          <ul className="space-y-3">
            {listings?.map((listing) => (
              <li key={listing.id}>
                <ModelCard
                  listing={listing}
                  models={models}
                  inUse={inUse?.modelId === listing.id ? inUse.dtype : null}
                  canChange={!isReading && loaded !== null}
                />
              </li>
            ))}
          </ul>
          <OwnModel models={models} canAdd={!isReading && loaded !== null && download === null} />
          <MirrorForm key={models.mirror} mirror={models.mirror} onSave={models.setMirror} />
        </div>
      </DialogFrame>
    </Dialog.Root>
  );
}
