import { useState, type ComponentProps } from 'react';
import { Deferred } from '../ui/deferred';
import { latePart } from '../ui/late-part';
import { prefetch } from '../ui/prefetch';
import { EngineButton } from './engine-button';
import type { EnginePanel as Panel } from './engine-panel';

const load = () => import('./engine-panel');
const EnginePanel = latePart(() => load().then((module) => module.EnginePanel));

/** What is at work, with its button; the panel is fetched when a person is about to open it. */
export function Engine(props: ComponentProps<typeof Panel>) {
  const [isWanted, setWanted] = useState(false);
  const button = (
    <EngineButton model={props.model} onPointerEnter={() => prefetch(load)} onClick={() => setWanted(true)} />
  );
  if (!isWanted) return button;
  return (
    <Deferred what="What is at work" waiting={button}>
      <EnginePanel {...props} />
    </Deferred>
  );
}
