import { Dialog } from 'radix-ui';
import { Fragment } from 'react';
import { HelpButton } from './help-button';
import { DialogFrame } from './ui/dialog-frame';

const KEYS = [
  ['/', 'go to the question'],
  ['Enter', 'ask; on a frame, play the clip from there'],
  ['← ↑ → ↓', 'from frame to frame, in the grid and on the timeline'],
  ['Page Up, Page Down', 'on the timeline, from one picked frame to another'],
  ['Space', 'pin a frame, or let it go'],
  ['Delete', 'drop a frame'],
  ['Esc', 'back from the frames to the question; there, clear it'],
] as const;

/** What the page does, how to ask, and what stays where; open from the start, since a click made it. */
export function HelpDialog() {
  return (
    <Dialog.Root defaultOpen>
      <Dialog.Trigger asChild>
        <HelpButton />
      </Dialog.Trigger>
      <DialogFrame title="How Framesift works" closeLabel="Close help" width="narrow">
        <div className="mt-3 space-y-4 text-sm leading-6 [&_h3]:font-semibold [&_ul]:list-disc [&_ul]:space-y-1 [&_ul]:pl-5">
          <section>
            <h3>Open a clip</h3>
            <p>
              Drop an MP4, MOV, WebM, MKV, TS, AVI or FLV file anywhere on the page. Frames are taken at the
              rate you choose, and a small CLIP model turns each into 512 numbers that say what it shows.
            </p>
          </section>
          <section>
            <h3>Ask</h3>
            <ul>
              <li>Describe what can be seen: “a red car”, “a dog on the grass”, “a street at night”.</li>
              <li>
                Short, concrete descriptions work best. The model cannot count, read, or recognise people.
              </li>
              <li>Drop a picture to find frames that look like it.</li>
              <li>You can ask while a clip is still being read: the answer grows with it.</li>
            </ul>
          </section>
          <section>
            <h3>Read the answer</h3>
            <p>
              Frames come with their rank, their time and how well each matches what you asked for, by levels
              measured on pictures the model had not seen; where nobody has measured a model, with the cosine
              between frame and question. The line above them says whether a moment answers, several do or the
              whole clip does, that the model is not sure, or that nothing looks like it. Click a frame to
              play the clip from there.
            </p>
            <ul>
              <li>
                The timeline shows how well every frame matches, where scenes change (dashed), the moments
                that answer (shaded) and the frames that were picked. Point at it to see what is there.
              </li>
              <li>Pin frames that you want to keep, drop others: the next best comes in their place.</li>
              <li>
                “Chosen by” compares the automatic choice with evenly spaced frames, the best scores and
                methods from papers.
              </li>
              <li>Ask one clip, some or all of them, or a stretch of one.</li>
            </ul>
          </section>
          <section>
            <h3>Keys</h3>
            <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 [&_dt]:whitespace-nowrap">
              {KEYS.map(([keys, what]) => (
                <Fragment key={keys}>
                  <dt>
                    <kbd className="rounded border border-line bg-surface-2 px-1.5 font-mono text-xs">
                      {keys}
                    </kbd>
                  </dt>
                  <dd>{what}</dd>
                </Fragment>
              ))}
            </dl>
          </section>
          <section>
            <h3>Another model</h3>
            <p>
              “Models” offers larger ones, or takes your own; clips are then read again when you ask for it.
              The button beside it says what the model runs on, measures the other ways, and lets you choose.
            </p>
          </section>
          <section>
            <h3>Where things are</h3>
            <p>
              Clips, pictures and numbers stay in this browser, in a PostgreSQL database of this page’s own.
              Nothing is uploaded, and after one visit no network is needed. Deleting a clip removes all of
              it; clearing this site’s data removes everything.
            </p>
          </section>
        </div>
      </DialogFrame>
    </Dialog.Root>
  );
}
