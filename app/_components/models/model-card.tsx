'use client';

import type { ModelDtype, ModelListing, ModelVariant } from '@/lib/ports/models';
import { Check, Download, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { formatBytes } from '@/lib/shared/format';
import type { Models } from '../../_hooks/use-models';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';
import { DownloadProgress } from './download-progress';

const DTYPES: Record<ModelDtype, { label: string; hint: string }> = {
  q8: { label: '8-bit', hint: 'smallest, runs on the processor' },
  fp16: { label: '16-bit', hint: 'for graphics cards' },
  fp32: { label: '32-bit', hint: 'the model as it was trained' },
};

/** A model with its number formats, each of which can be downloaded, used and removed. */
export function ModelCard({
  listing,
  models,
  inUse,
  canChange,
}: {
  listing: ModelListing;
  models: Models;
  /** The number format that is at work, if it is this model. */
  inUse: ModelDtype | null;
  canChange: boolean;
}) {
  const { id, name, summary, licence, origin, kind, variants } = listing;
  return (
    <article
      aria-labelledby={`model-${id}`}
      data-testid="model"
      data-model-id={id}
      className="space-y-3 rounded-xl border border-line p-4"
    >
      <div className="space-y-1 text-sm">
        <h3 id={`model-${id}`} className="text-base font-semibold [overflow-wrap:anywhere]">
          {name}
        </h3>
        <p className="text-ink-2">{summary}</p>
        <p className="text-xs text-ink-2 [overflow-wrap:anywhere]">
          {licence && (
            <>
              Licence:{' '}
              <a className="underline" href={licence.url} target="_blank" rel="noreferrer">
                {licence.name}
              </a>
            </>
          )}
          {licence && origin && ' · '}
          {origin && <span className="font-mono">{origin}</span>}
        </p>
      </div>
      <ul className="space-y-2">
        {variants.map((variant) => (
          <li key={variant.dtype} className="border-t border-line pt-2">
            <VariantRow
              listing={listing}
              variant={variant}
              models={models}
              isInUse={inUse === variant.dtype}
              canChange={canChange}
            />
          </li>
        ))}
        {variants.length === 0 && (
          <li className="flex flex-wrap items-center gap-2 border-t border-line pt-2 text-sm">
            <span className="mr-auto text-ink-2">
              Not whole. {kind === 'own' && origin ? 'Give its address again below to go on.' : ''}
            </span>
            <Button variant="danger" onClick={() => models.remove({ modelId: id, dtype: 'fp32' })}>
              <Trash2 aria-hidden /> Remove
            </Button>
          </li>
        )}
      </ul>
    </article>
  );
}

function VariantRow({
  listing,
  variant,
  models,
  isInUse,
  canChange,
}: {
  listing: ModelListing;
  variant: ModelVariant;
  models: Models;
  isInUse: boolean;
  canChange: boolean;
}) {
  const [isAsking, setAsking] = useState(false);
  const { dtype, state, totalBytes, storedBytes } = variant;
  const { download } = models;
  const choice = { modelId: listing.id, dtype };
  const isDownloading = download?.choice?.modelId === listing.id && download.choice.dtype === dtype;
  const isHere = state === 'stored' || state === 'in-memory' || state === 'bundled';
  const { label, hint } = DTYPES[dtype];
  const spoken = `${listing.name}, ${label}`;

  if (isDownloading) return <DownloadProgress download={download} onStop={models.stopDownload} />;
  return (
    <div className="space-y-2 text-sm" data-testid="model-variant" data-dtype={dtype} data-state={state}>
      <div className="flex flex-wrap items-center gap-2">
        <div className="mr-auto min-w-40">
          <span className="font-medium">{label}</span>
          {totalBytes !== null && <span className="tabular-nums">, {formatBytes(totalBytes)}</span>}
          {listing.kind === 'catalog' && <span className="text-ink-2">, {hint}</span>}
          <span className="block text-xs text-ink-2">{stateText(variant)}</span>
        </div>
        {isInUse ? (
          <span className="flex items-center gap-1.5 font-medium text-accent">
            <Check aria-hidden className="size-4" /> In use
          </span>
        ) : isHere ? (
          <Button
            variant="primary"
            disabled={!canChange}
            aria-label={`Use ${spoken}`}
            onClick={() => models.use(choice)}
          >
            Use
          </Button>
        ) : (
          !isAsking && (
            <Button
              disabled={download !== null}
              aria-label={`${state === 'partial' ? 'Go on downloading' : 'Download'} ${spoken}`}
              onClick={() => setAsking(true)}
            >
              <Download aria-hidden /> {state === 'partial' ? 'Go on…' : 'Download…'}
            </Button>
          )
        )}
        {(state === 'stored' || state === 'in-memory' || state === 'partial') && !isInUse && (
          <Button
            variant="danger"
            icon
            disabled={download !== null}
            aria-label={`Remove ${spoken}`}
            onClick={() => models.remove(choice)}
          >
            <Trash2 aria-hidden />
          </Button>
        )}
      </div>
      {isAsking && !isHere && (
        <AskFirst
          listing={listing}
          variant={variant}
          missingBytes={totalBytes === null ? null : totalBytes - storedBytes}
          freeBytes={models.freeBytes}
          onYes={() => {
            setAsking(false);
            models.startDownload(listing, variant);
          }}
          onNo={() => setAsking(false)}
        />
      )}
    </div>
  );
}

/** What is about to be fetched, from whom, under which licence, and where it is kept. */
function AskFirst({
  listing,
  variant,
  missingBytes,
  freeBytes,
  onYes,
  onNo,
}: {
  listing: ModelListing;
  variant: ModelVariant;
  missingBytes: number | null;
  freeBytes: number | null;
  onYes: () => void;
  onNo: () => void;
}) {
  const size = missingBytes === null ? 'this model' : formatBytes(missingBytes);
  const isTooLarge = freeBytes !== null && missingBytes !== null && missingBytes > freeBytes;
  return (
    <div role="group" aria-label="Before it is downloaded" className="space-y-3 rounded-lg bg-surface-2 p-3">
      <p>
        Download {size} from <strong className="font-semibold">{variant.fetchedFrom}</strong>
        {variant.storedBytes > 0 && ` (${formatBytes(variant.storedBytes)} are here already)`}?
        {listing.licence && ` Licence: ${listing.licence.name}.`} It is checked before it is used, and kept in
        this browser until you remove it. Nothing of your clips is sent.
      </p>
      {isTooLarge && (
        <Notice tone="warn">
          This browser has room for {formatBytes(freeBytes)} more. The rest would be kept in memory and be
          gone when the page is closed.
        </Notice>
      )}
      <div className="flex flex-wrap gap-2">
        <Button variant="primary" autoFocus onClick={onYes}>
          <Download aria-hidden /> Download {missingBytes === null ? '' : formatBytes(missingBytes)}
        </Button>
        <Button variant="ghost" onClick={onNo}>
          Not now
        </Button>
      </div>
    </div>
  );
}

function stateText({ state, storedBytes, totalBytes, fetchedFrom }: ModelVariant): string {
  switch (state) {
    case 'bundled':
      return 'comes with this page';
    case 'stored':
      return 'in this browser';
    case 'in-memory':
      return 'in memory until this page is closed';
    case 'partial':
      return `${formatBytes(storedBytes)}${totalBytes === null ? '' : ` of ${formatBytes(totalBytes)}`} are here`;
    case 'absent':
      return `not here; from ${fetchedFrom}`;
  }
}
