import { Boxes } from 'lucide-react';
import type { ComponentProps } from 'react';
import type { Models } from '../../_hooks/use-models';
import { Button } from '../ui/button';

/** Opens the models dialog; while a model is fetched it says how far that is. */
export function ModelsButton({ models, ...rest }: ComponentProps<typeof Button> & { models: Models }) {
  return (
    <Button variant="ghost" data-testid="models-button" aria-haspopup="dialog" {...rest}>
      <Boxes aria-hidden /> <span className="max-sm:sr-only">{labelOf(models)}</span>
    </Button>
  );
}

function labelOf({ download }: Models): string {
  const progress = download?.progress;
  if (!progress?.totalBytes) return 'Models';
  return `Models, ${Math.floor((progress.loadedBytes / progress.totalBytes) * 100)} %`;
}
