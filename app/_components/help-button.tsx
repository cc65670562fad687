import { CircleHelp } from 'lucide-react';
import type { ComponentProps } from 'react';
import { Button } from './ui/button';

/** Opens the help. */
export function HelpButton(props: ComponentProps<typeof Button>) {
  return (
    <Button variant="ghost" icon aria-label="Help" aria-haspopup="dialog" {...props}>
      <CircleHelp aria-hidden />
    </Button>
  );
}
