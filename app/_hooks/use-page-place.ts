'use client';

import { useEffect, useRef } from 'react';
import type { Question } from '@/lib/ask/question';
import type { Place } from '@/lib/core/place-store';
import { parseQuery } from '@/lib/query/parse';
import { formatPlace, readPlace, type PagePlace } from '@/lib/shared/page-place';

const NOWHERE: PagePlace = { clipId: null, question: null, range: null };

/** The place that this page was opened at. */
export function openingPlace(): Place {
  return withQuestion(typeof window === 'undefined' ? NOWHERE : readPlace(window.location.hash), new Map());
}

/** Questions of this visit by their text, for going back to one that was asked with pictures. */
type AskedQuestions = ReadonlyMap<string, Question>;

function withQuestion(place: PagePlace, asked: AskedQuestions): Place {
  const { question: text } = place;
  if (text === null) return { ...place, question: null };
  const known = asked.get(`${place.clipId} ${text}`);
  if (known) return { ...place, question: known };
  try {
    parseQuery(text, []);
    return { ...place, question: { text, images: [] } };
  } catch {
    // It names pictures that are gone, or is nothing that this page wrote.
    return { ...place, question: null };
  }
}

/**
 * Keeps the address at the place that is shown, so that reload, Back and a bookmark bring it back. A new clip or question
 * is a step to go back from; a range that is moved is not.
 *
 * @param place null while nothing is shown that an address could name
 * @param onPlace called when a person goes back or forward, or writes another address
 */
export function usePagePlace(place: Place | null, onPlace: (place: Place) => void): void {
  const asked = useRef(new Map<string, Question>());
  const written = useRef<PagePlace | null>(null);
  const show = useRef(onPlace);
  const { clipId = null, question = null, range = null } = place ?? {};

  useEffect(() => {
    show.current = onPlace;
  });

  useEffect(() => {
    if (clipId === null) return;
    if (question) asked.current.set(`${clipId} ${question.text}`, question);
    const now: PagePlace = { clipId, question: question?.text ?? null, range };
    const before = written.current;
    written.current = now;
    const fragment = formatPlace(now);
    if (fragment === window.location.hash) return;
    const isStep = before !== null && (before.clipId !== clipId || before.question !== now.question);
    if (isStep) window.history.pushState(null, '', fragment);
    else window.history.replaceState(null, '', fragment);
  }, [clipId, question, range]);

  useEffect(() => {
    const follow = () => {
      const next = readPlace(window.location.hash);
      written.current = next;
      show.current(withQuestion(next, asked.current));
    };
    window.addEventListener('popstate', follow);
    return () => window.removeEventListener('popstate', follow);
  }, []);
}
