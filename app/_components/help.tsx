import { useState } from 'react';
import { HelpButton } from './help-button';
import { Deferred } from './ui/deferred';
import { latePart } from './ui/late-part';

const HelpDialog = latePart(() => import('./help-dialog').then((module) => module.HelpDialog));

/** The help with its button; the text is fetched when a person is about to open it. */
export function Help() {
  const [isWanted, setWanted] = useState(false);
  const button = <HelpButton onPointerEnter={HelpDialog.prefetch} onClick={() => setWanted(true)} />;
  if (!isWanted) return button;
  return (
    <Deferred what="The help" waiting={button}>
      <HelpDialog />
    </Deferred>
  );
}
