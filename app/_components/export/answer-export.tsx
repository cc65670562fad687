'use client';

import { useEffect, useState } from 'react';
import type { Answer } from '@/lib/ask/answer';
import type { EventSummary } from '@/lib/db/clip-database';
import type { SelectionToExport } from '@/lib/export/selection-to-export';
import { getFramesift } from '../../_hooks/framesift';
import { ExportMenu } from './export-menu';

/** The export menu for the answer of one clip. */
export function AnswerExport({
  eventId,
  answer,
  questionText,
  count,
}: {
  eventId: string;
  answer: Answer | null;
  questionText: string;
  count: number;
}) {
  const [clip, setClip] = useState<EventSummary | null>(null);
  useEffect(() => {
    let current = true;
    void getFramesift()
      .services.database.getEvent(eventId)
      .catch(() => null)
      .then((found) => {
        if (current) setClip(found);
      });
    return () => {
      current = false;
    };
    // What is stored of a clip grows while it is read; an answer comes with every batch.
  }, [eventId, answer]);

  const selection: SelectionToExport | null = answer &&
    clip && {
      question: { text: questionText, attachments: [] },
      strategy: 'top-distinct',
      parameters: { count, range: null, pinned: [], dropped: [] },
      modelVersion: clip.modelVersion ?? '',
      verdict: null,
      spans: [],
      clips: [
        {
          eventId,
          fileName: clip.fileName,
          fingerprint: clip.fileFingerprint,
          durationMs: clip.durationMs,
          width: clip.width,
          height: clip.height,
        },
      ],
      frames: answer.frames.map(({ frameIndex, timestampMs, score, rank, likelihood, strength }) => ({
        eventId,
        frameIndex,
        timestampMs,
        score,
        rank,
        likelihood,
        strength,
        isPinned: false,
      })),
    };
  return <ExportMenu selection={selection} clips={clip ? [clip] : []} />;
}
