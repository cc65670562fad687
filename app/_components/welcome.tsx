import { Clapperboard, FileVideo, Sparkles } from 'lucide-react';
import { Button } from './ui/button';

/** What a person sees before there is any clip. */
export function Welcome({
  onChooseFiles,
  onTrySample,
  sampleBusy,
}: {
  onChooseFiles: () => void;
  onTrySample: () => void;
  sampleBusy: boolean;
}) {
  return (
    <section className="mx-auto flex max-w-2xl flex-col items-center gap-6 px-4 py-12 text-center sm:py-20">
      <div className="rounded-2xl bg-accent-soft p-4 text-accent">
        <Clapperboard aria-hidden className="size-8" />
      </div>
      <div className="space-y-3">
        <h1 className="text-3xl font-semibold tracking-tight text-balance sm:text-4xl">
          Ask a video clip a question
        </h1>
        <p className="text-ink-2 text-pretty">
          Open a clip, type what you are looking for, and see the frames that show it. Everything happens on
          this computer: the clip is never uploaded.
        </p>
      </div>
      <div className="w-full rounded-2xl border-2 border-dashed border-line bg-surface px-6 py-10">
        <p className="mb-5 text-ink-2">Drop a clip here, or</p>
        <div className="flex flex-wrap justify-center gap-3">
          <Button variant="primary" className="min-h-11 px-5" onClick={onChooseFiles}>
            <FileVideo aria-hidden /> Choose a clip
          </Button>
          <Button className="min-h-11 px-5" onClick={onTrySample} disabled={sampleBusy}>
            <Sparkles aria-hidden /> {sampleBusy ? 'Opening the sample…' : 'Try the sample clip'}
          </Button>
        </div>
        <p className="mt-5 text-xs text-ink-2">MP4, MOV, WebM, MKV, TS, AVI or FLV, up to 24 hours</p>
      </div>
    </section>
  );
}
