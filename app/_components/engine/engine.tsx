import { useState, type ComponentProps } from 'react';
import { Deferred } from '../ui/deferred';
import { latePart } from '../ui/late-part';
import { EngineButton } from './engine-button';
import type { EnginePanel as Panel } from './engine-panel';

const EnginePanel = latePart(() => import('./engine-panel').then((module) => module.EnginePanel));

/** What is at work, with its button; the panel is fetched when a person is about to open it. */
export function Engine(props: ComponentProps<typeof Panel>) {
  const [isWanted, setWanted] = useState(false);
  const button = (
    <EngineButton model={props.model} onPointerEnter={EnginePanel.prefetch} onClick={() => setWanted(true)} />
  );
  if (!isWanted) return button;
  return (
    <Deferred what="What is at work" waiting={button}>
      <EnginePanel {...props} />
    </Deferred>
  );
}
