'use client';

import { ArrowDown } from 'lucide-react';
import { useEffect, useState, type RefObject } from 'react';
import { plural } from '@/lib/shared/format';
import { scrollBehavior } from '../../_hooks/motion';

/** Says that an answer is there, and leads to it, while it lies below what is in view (on a phone). */
export function AnswerHint({
  target,
  frameCount,
}: {
  target: RefObject<HTMLElement | null>;
  frameCount: number;
}) {
  const [isBelow, setBelow] = useState(false);
  useEffect(() => {
    if (!target.current) return;
    const observer = new IntersectionObserver(
      ([entry]) => setBelow(!entry!.isIntersecting && entry!.boundingClientRect.top > 0),
      // Its heading and settings in the lower half are not an answer yet: frames come below them.
      { rootMargin: '0px 0px -50% 0px' },
    );
    observer.observe(target.current);
    return () => observer.disconnect();
  }, [target]);
  if (!isBelow || frameCount === 0) return null;
  return (
    <button
      type="button"
      data-testid="answer-hint"
      className="fixed bottom-4 left-1/2 z-10 inline-flex min-h-11 -translate-x-1/2 items-center gap-2 rounded-full bg-accent px-5 text-sm font-medium whitespace-nowrap text-accent-ink shadow-xl forced-colors:border"
      onClick={() => target.current?.scrollIntoView({ block: 'start', behavior: scrollBehavior() })}
    >
      <ArrowDown aria-hidden className="size-4" /> See {plural(frameCount, 'frame')}
    </button>
  );
}
