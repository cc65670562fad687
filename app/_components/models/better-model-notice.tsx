'use client';

import type { LoadedModel } from '@/lib/ports/encoder';
import { useEffect, useState } from 'react';
import { BETTER_MODEL } from '@/lib/models/better-model';
import { BUNDLED_MODEL_ID } from '@/lib/models/catalog';
import { formatBytes } from '@/lib/shared/format';
import { declineBetterModel, mayOfferBetterModel } from '../../_hooks/model-settings';
import type { Models } from '../../_hooks/use-models';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';
import { DownloadProgress } from './download-progress';

/**
 * Offers the better model where the bundled one is at work: what it gives, its size, licence and host, and one click that
 * fetches it and changes to it. Shows nothing once somebody has said “not now”.
 */
export function BetterModelNotice({
  models,
  loaded,
  isWanted,
  isReading,
  use,
  delayMs = 0,
  onReady,
}: {
  models: Models;
  /** Null while a model is being started. */
  loaded: LoadedModel | null;
  /** Whether this is the place and the time for an offer. */
  isWanted: boolean;
  isReading: boolean;
  /** What the click does besides fetching it, as “and ask again”. */
  use: string;
  /** How long the list of models waits for what the person came for. */
  delayMs?: number;
  /** The better model is at work. */
  onReady: () => void;
}) {
  const [isDeclined, setDeclined] = useState(false);
  const [isStarted, setStarted] = useState(false);
  const { listings, refresh, download } = models;
  const isOffered = isWanted && !isDeclined && loaded?.modelId === BUNDLED_MODEL_ID && mayOfferBetterModel();
  const mustList = isOffered && !isReading && listings === null;

  useEffect(() => {
    if (!mustList) return undefined;
    const timer = setTimeout(refresh, delayMs);
    return () => clearTimeout(timer);
    // Listing opens a worker: only where there is something to offer, once, and not while a clip is being opened or read.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [mustList]);

  if (download?.choice?.modelId === BETTER_MODEL.modelId) {
    return (
      <div className="rounded-xl bg-surface-2 px-4 py-3">
        <DownloadProgress download={download} onStop={models.stopDownload} />
      </div>
    );
  }
  const listing = listings?.find(({ id }) => id === BETTER_MODEL.modelId);
  const variant = listing?.variants.find(({ dtype }) => dtype === BETTER_MODEL.dtype);
  if (!isOffered || !listing || !variant) return null;

  const isHere = variant.state === 'stored' || variant.state === 'in-memory';
  const size = variant.totalBytes === null ? '' : `${formatBytes(variant.totalBytes)} `;
  return (
    <div data-testid="better-model">
      <Notice
        tone="info"
        actions={
          <>
            <Button
              variant="primary"
              disabled={isReading || download !== null}
              onClick={() => {
                setStarted(true);
                models.fetchAndUse(listing, variant, onReady);
              }}
            >
              {isHere ? 'Use it' : 'Fetch it'} {use}
            </Button>
            <Button
              variant="ghost"
              onClick={() => {
                declineBetterModel();
                setDeclined(true);
              }}
            >
              Not now
            </Button>
          </>
        }
      >
        <p>
          A better model can be had: <strong className="font-semibold">{listing.name}</strong>.{' '}
          {listing.summary}{' '}
          {isHere
            ? 'It is in this browser already.'
            : `${size}from ${variant.fetchedFrom}, kept in this browser.`}
          {listing.licence && (
            <>
              {' '}
              Licence:{' '}
              <a className="underline" href={listing.licence.url} target="_blank" rel="noreferrer">
                {listing.licence.name}
              </a>
              .
            </>
          )}
          {isReading && ' It can be fetched as soon as no clip is being read.'}
        </p>
        {isStarted && models.problem && <p className="mt-1 text-danger">{models.problem}</p>}
      </Notice>
    </div>
  );
}
