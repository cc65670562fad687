'use client';

import type { ModelDtype, OwnModelProposal } from '@/lib/ports/models';
import { Download, File as FileIcon, FolderOpen, X } from 'lucide-react';
import { useRef, useState } from 'react';
import { formatBytes } from '@/lib/shared/format';
import { readChosenFiles } from '../../_hooks/dropped-files';
import type { Models } from '../../_hooks/use-models';
import { Button } from '../ui/button';
import { TextField } from '../ui/text-field';

const LABELS: Record<ModelDtype, string> = { fp32: '32-bit', fp16: '16-bit', q8: '8-bit' };

/** A person's own model: from a folder, from files, or from an address. */
export function OwnModel({ models, canAdd }: { models: Models; canAdd: boolean }) {
  const [url, setUrl] = useState('');
  const folder = useRef<HTMLInputElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const { own } = models;
  const take = (input: HTMLInputElement) => {
    const given = readChosenFiles(input);
    input.value = '';
    if (given.length > 0) models.lookInFiles(given);
  };
  return (
    <section
      aria-labelledby="own-model-title"
      className="space-y-3 rounded-xl border border-dashed border-line p-4"
    >
      <div className="space-y-1 text-sm">
        <h3 id="own-model-title" className="text-base font-semibold">
          Your own
        </h3>
        <p className="text-ink-2">
          A CLIP of 512 dimensions in the Hugging Face layout: <code>config.json</code>,{' '}
          <code>preprocessor_config.json</code>, <code>tokenizer.json</code> and the graphs in{' '}
          <code>onnx/</code>. Drop its folder anywhere on this page, or
        </p>
      </div>
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => folder.current?.click()}>
          <FolderOpen aria-hidden /> Choose a folder
        </Button>
        <Button onClick={() => files.current?.click()}>
          <FileIcon aria-hidden /> Choose files
        </Button>
        <input
          ref={(element) => {
            folder.current = element;
            // React knows no such property.
            element?.setAttribute('webkitdirectory', '');
          }}
          type="file"
          hidden
          data-testid="model-folder-input"
          onChange={(event) => take(event.target)}
        />
        <input
          ref={files}
          type="file"
          multiple
          hidden
          data-testid="model-files-input"
          onChange={(event) => take(event.target)}
        />
      </div>
      <form
        className="flex flex-wrap items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          models.lookAtUrl(url);
        }}
      >
        <TextField
          type="url"
          label="or its address"
          placeholder="https://models.example.org/my-clip"
          value={url}
          onChange={setUrl}
        />
        <Button type="submit" disabled={own.state === 'looking' || url.trim() === ''}>
          Look
        </Button>
      </form>
      <div aria-live="polite">
        {own.state === 'looking' && <p className="text-sm text-ink-2">Looking for a model…</p>}
        {own.state === 'found' && (
          <Found
            proposal={own.proposal}
            canAdd={canAdd}
            onAdd={(dtype) => models.addOwn(own.proposal, dtype)}
            onDismiss={models.dismissOwn}
          />
        )}
      </div>
    </section>
  );
}

function Found({
  proposal,
  canAdd,
  onAdd,
  onDismiss,
}: {
  proposal: OwnModelProposal;
  canAdd: boolean;
  onAdd: (dtype: ModelDtype) => void;
  onDismiss: () => void;
}) {
  const { name, host, variants } = proposal;
  const verb = host === null ? 'Add' : 'Download';
  return (
    <div data-testid="own-model-found" className="space-y-3 rounded-lg bg-surface-2 p-3 text-sm">
      <div className="flex items-start gap-2">
        <p className="mr-auto">
          Found <strong className="font-semibold [overflow-wrap:anywhere]">{name}</strong>
          {host !== null && ` at ${host}`}.{' '}
          {host === null
            ? 'A copy is kept in this browser until you remove it.'
            : 'Nothing but its configuration was fetched so far. You know its licence; no digest is published for it, so its length and kind are what is checked.'}
        </p>
        <Button variant="ghost" icon aria-label="Leave it" onClick={onDismiss}>
          <X aria-hidden />
        </Button>
      </div>
      <div className="flex flex-wrap gap-2">
        {variants.map(({ dtype, totalBytes }) => (
          <Button key={dtype} variant="primary" disabled={!canAdd} onClick={() => onAdd(dtype)}>
            <Download aria-hidden /> {verb} {LABELS[dtype]}
            {totalBytes === null ? '' : `, ${formatBytes(totalBytes)}`}
          </Button>
        ))}
      </div>
    </div>
  );
}
