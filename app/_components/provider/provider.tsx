import { useState, type ComponentProps } from 'react';
import { Deferred } from '../ui/deferred';
import { latePart } from '../ui/late-part';
import { ProviderButton } from './provider-button';
import type { ProviderPanel as Panel } from './provider-panel';

const ProviderPanel = latePart(() => import('./provider-panel').then((module) => module.ProviderPanel));

/** What is at work, with its button; the panel is fetched when a person is about to open it. */
export function Provider(props: ComponentProps<typeof Panel>) {
  const [isWanted, setWanted] = useState(false);
  const button = (
    <ProviderButton
      model={props.model}
      onPointerEnter={ProviderPanel.prefetch}
      onClick={() => setWanted(true)}
    />
  );
  if (!isWanted) return button;
  return (
    <Deferred what="What is at work" waiting={button}>
      <ProviderPanel {...props} />
    </Deferred>
  );
}
