import { useId, useState } from 'react';
import type { SharingStore } from '@/lib/core/sharing-store';
import type { Holding } from '@/lib/ports/sharing';
import { readInvitation } from '@/lib/protocol/invitation';
import { toFramesiftError } from '@/lib/shared/errors';
import { deviceName } from '../../_hooks/device-name';
import { invitationIn } from '../../_hooks/invitation';
import { Button } from '../ui/button';
import { Notice } from '../ui/notice';
import { TextField } from '../ui/text-field';
import { HoldingChoice } from './holding-choice';

/** Joins a library by an invitation's link, or by the address of a server and the invitation's code. */
export function JoinForm({
  store,
  invited,
  onJoined,
  onCancel,
}: {
  store: SharingStore;
  /** An invitation that the page was opened with; null for none. */
  invited: string | null;
  onJoined: (name: string) => void;
  /** Null where there is nothing to go back to. */
  onCancel: (() => void) | null;
}) {
  const id = useId();
  const [text, setText] = useState(invited ?? '');
  const [code, setCode] = useState('');
  const [name, setName] = useState(deviceName);
  /** Origin of a server that was found at an address. */
  const [server, setServer] = useState<string | null>(null);
  const [holding, setHolding] = useState<Holding>('undecided');
  const [isBusy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const given = invitationIn(text) ?? (server && code.trim() !== '' ? `${code.trim()}@${server}` : null);

  const submit = async () => {
    setBusy(true);
    setProblem(null);
    try {
      if (given === null) setServer(await store.findServer(text));
      else onJoined(await store.join(given, name.trim() === '' ? deviceName() : name.trim(), holding));
    } catch (error) {
      setProblem(toFramesiftError(error).message);
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      aria-labelledby={`${id}-title`}
      className="space-y-3"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <h3 id={`${id}-title`} className="text-sm font-semibold">
        {invited !== null ? 'You are invited to a library' : 'Join a library'}
      </h3>
      <TextField
        type="text"
        label="Invitation’s link, or address of the server"
        placeholder="https://…/#join=fsi_…"
        value={text}
        onChange={(value) => {
          setText(value);
          setServer(null);
          setProblem(null);
        }}
      />
      {server !== null && invitationIn(text) === null && (
        <>
          <p className="text-sm text-ink-2" role="status">
            {new URL(server).host} is a library server. Its invitations begin with fsi_; whoever runs it makes
            one with <code>npm run library -- invite</code>.
          </p>
          <TextField
            type="text"
            label="Invitation’s code"
            placeholder="fsi_…"
            value={code}
            onChange={setCode}
          />
        </>
      )}
      {given !== null && (
        <>
          <TextField
            type="text"
            label="What others call this device"
            placeholder={deviceName()}
            value={name}
            onChange={setName}
          />
          <HoldingChoice holding={holding} isNew onChoose={setHolding} />
          <p className="text-sm text-ink-2">{whereTo(given)}</p>
        </>
      )}
      {problem && <Notice tone="danger">{problem}</Notice>}
      <div className="flex gap-2">
        <Button
          type="submit"
          variant="primary"
          disabled={isBusy || text.trim() === '' || (server !== null && given === null)}
        >
          {isBusy ? 'Asking the server…' : given === null && server === null ? 'Look for the server' : 'Join'}
        </Button>
        {onCancel && (
          <Button variant="ghost" onClick={onCancel}>
            Cancel
          </Button>
        )}
      </div>
    </form>
  );
}

function whereTo(given: string): string {
  try {
    const { host } = new URL(readInvitation(given).server);
    return `The library is at ${host}. Joining shares nothing yet: you choose the clips.`;
  } catch (error) {
    return toFramesiftError(error).message;
  }
}
