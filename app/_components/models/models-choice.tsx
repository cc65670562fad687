import { useState, type ComponentProps } from 'react';
import { Deferred } from '../ui/deferred';
import { latePart } from '../ui/late-part';
import { ModelsButton } from './models-button';
import type { ModelsDialog as Dialog } from './models-dialog';

const ModelsDialog = latePart(() => import('./models-dialog').then((module) => module.ModelsDialog));

/** The models dialog with its button; the dialog is fetched when a person is about to open it, or a dropped model does. */
export function ModelsChoice(props: ComponentProps<typeof Dialog>) {
  const { models, isOpen, onOpenChange } = props;
  const [wasOpen, setWasOpen] = useState(isOpen);
  if (isOpen && !wasOpen) setWasOpen(true);
  const button = (
    <ModelsButton
      models={models}
      onPointerEnter={ModelsDialog.prefetch}
      onClick={() => {
        models.refresh();
        onOpenChange(true);
      }}
    />
  );
  if (!wasOpen) return button;
  return (
    <Deferred what="The choice of models" waiting={button}>
      <ModelsDialog {...props} />
    </Deferred>
  );
}
