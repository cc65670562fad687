'use client';

import { useState } from 'react';
import { HUB_BASE_URL } from '@/lib/models/sources';
import { Button } from '../ui/button';
import { TextField } from '../ui/text-field';

/** Sets the address that stands in for the Hugging Face Hub. */
export function MirrorForm({ mirror, onSave }: { mirror: string | null; onSave: (url: string) => void }) {
  const [url, setUrl] = useState(mirror ?? '');
  return (
    <details className="text-sm" open={mirror !== null}>
      <summary className="text-ink-2">Download from another place than {new URL(HUB_BASE_URL).host}</summary>
      <form
        className="mt-2 flex flex-wrap items-end gap-2"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          onSave(url);
        }}
      >
        <TextField
          type="url"
          label="Address of a mirror, with the Hub’s paths behind it; empty for the Hub"
          placeholder={HUB_BASE_URL}
          value={url}
          onChange={setUrl}
        />
        <Button type="submit" disabled={url.trim() === (mirror ?? '')}>
          Save
        </Button>
      </form>
    </details>
  );
}
