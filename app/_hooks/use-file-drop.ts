'use client';

import type { GivenFile } from '@/lib/ports/models';
import { useEffect, useRef, useState } from 'react';
import { readDroppedFiles } from './dropped-files';

/**
 * Takes files dropped anywhere on the page, those in dropped folders too. Returns whether files are being
 * dragged over it now.
 */
export function useFileDrop(onDrop: (files: GivenFile[]) => void): boolean {
  const [isOver, setIsOver] = useState(false);
  const callback = useRef(onDrop);
  useEffect(() => {
    callback.current = onDrop;
  }, [onDrop]);

  useEffect(() => {
    // dragenter and dragleave come in pairs for every element that is crossed.
    let depth = 0;
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth += 1;
      setIsOver(true);
    };
    const leave = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      depth = Math.max(0, depth - 1);
      if (depth === 0) setIsOver(false);
    };
    const over = (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      setIsOver(false);
      if (!event.dataTransfer) return;
      void readDroppedFiles(event.dataTransfer).then((files) => callback.current(files));
    };
    window.addEventListener('dragenter', enter);
    window.addEventListener('dragleave', leave);
    window.addEventListener('dragover', over);
    window.addEventListener('drop', drop);
    return () => {
      window.removeEventListener('dragenter', enter);
      window.removeEventListener('dragleave', leave);
      window.removeEventListener('dragover', over);
      window.removeEventListener('drop', drop);
    };
  }, []);

  return isOver;
}
