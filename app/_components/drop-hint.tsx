import { Upload } from 'lucide-react';

/** Lies over the page while files are dragged over it. */
export function DropHint() {
  return (
    <div className="pointer-events-none fixed inset-0 z-40 flex items-center justify-center bg-black/60 p-6">
      <div className="flex items-center gap-3 rounded-2xl border-2 border-dashed border-white px-8 py-6 text-lg font-medium text-white">
        <Upload aria-hidden className="size-6" /> Drop a clip, a picture to search with, an export or a model
      </div>
    </div>
  );
}
