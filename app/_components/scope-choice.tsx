'use client';

import type { ClipSummary } from '@/lib/ports/library';
import { Checkbox, Popover, RadioGroup } from 'radix-ui';
import { Check, ChevronDown, Library } from 'lucide-react';
import { clipName } from '@/lib/shared/clip-name';
import { plural } from '@/lib/shared/format';
import { LongList } from './ui/long-list';

/** Which clips a question is asked about. */
export type Scope = { kind: 'this' } | { kind: 'all' } | { kind: 'some'; clipIds: readonly string[] };

/** The clips of a scope, in the order of the list; the clip at hand where a choice has come to nothing. */
export function clipsInScope(
  scope: Scope,
  clip: ClipSummary,
  clips: readonly ClipSummary[],
): readonly ClipSummary[] {
  if (scope.kind === 'this') return [clip];
  if (scope.kind === 'all') return clips;
  const chosen = clips.filter(({ id }) => scope.clipIds.includes(id));
  return chosen.length > 0 ? chosen : [clip];
}

/** Chooses whether one clip is asked about, several, or all. */
export function ScopeChoice({
  scope,
  clip,
  clips,
  onScope,
}: {
  scope: Scope;
  clip: ClipSummary;
  clips: readonly ClipSummary[];
  onScope: (scope: Scope) => void;
}) {
  const chosen = new Set(clipsInScope(scope, clip, clips).map(({ id }) => id));
  const label =
    scope.kind === 'all'
      ? `All ${plural(clips.length, 'clip')}`
      : scope.kind === 'this'
        ? 'This clip'
        : plural(chosen.size, 'clip');
  return (
    <Popover.Root>
      <Popover.Trigger
        aria-label={`Search in: ${label}`}
        className="inline-flex min-h-9 items-center gap-2 rounded-lg border border-line bg-surface px-3 text-sm hover:bg-surface-2 [&_svg]:size-4"
      >
        <Library aria-hidden /> {label} <ChevronDown aria-hidden />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="start"
          sideOffset={6}
          collisionPadding={12}
          aria-label="Clips to search in"
          className="z-30 max-h-[60vh] w-80 max-w-[calc(100vw-2rem)] overflow-y-auto rounded-xl border border-line bg-surface p-3 text-sm shadow-xl"
        >
          <RadioGroup.Root
            aria-label="Search in"
            value={scope.kind}
            onValueChange={(kind) =>
              onScope(
                kind === 'all'
                  ? { kind: 'all' }
                  : kind === 'some'
                    ? { kind: 'some', clipIds: [...chosen] }
                    : { kind: 'this' },
              )
            }
            className="space-y-1"
          >
            {(
              [
                ['this', 'This clip'],
                ['all', `All ${plural(clips.length, 'clip')}`],
                ['some', 'Some of them'],
              ] as const
            ).map(([kind, text]) => (
              <label key={kind} className="flex items-center gap-2 rounded-lg px-2 py-1.5 hover:bg-surface-2">
                <RadioGroup.Item
                  value={kind}
                  className="flex size-5 shrink-0 items-center justify-center rounded-full border border-ink-2"
                >
                  <RadioGroup.Indicator className="size-2.5 rounded-full bg-accent" />
                </RadioGroup.Item>
                {text}
              </label>
            ))}
          </RadioGroup.Root>
          {scope.kind === 'some' && (
            <LongList
              items={clips}
              keyOf={({ id }) => id}
              shown={-1}
              aria-label="Clips"
              className="mt-2 space-y-1 border-t border-line pt-2"
            >
              {({ id, ...clip }) => (
                <label className="flex items-center gap-2 rounded-lg px-2 py-1.5 hover:bg-surface-2">
                  <Checkbox.Root
                    checked={chosen.has(id)}
                    disabled={chosen.has(id) && chosen.size === 1}
                    onCheckedChange={(checked) => {
                      const clipIds =
                        checked === true ? [...chosen, id] : [...chosen].filter((other) => other !== id);
                      onScope({ kind: 'some', clipIds });
                    }}
                    className="flex size-5 shrink-0 items-center justify-center rounded border border-ink-2 data-[state=checked]:border-accent data-[state=checked]:bg-accent data-[state=checked]:text-accent-ink"
                  >
                    <Checkbox.Indicator>
                      <Check aria-hidden className="size-4" />
                    </Checkbox.Indicator>
                  </Checkbox.Root>
                  <span className="min-w-0 truncate">
                    <bdi>{clipName(clip)}</bdi>
                  </span>
                </label>
              )}
            </LongList>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
