'use client';

import { useEffect, useState } from 'react';
import type { ProviderRung } from '@/lib/clip/execution-provider';
import type { ProviderReport } from '@/lib/ingest/measure-providers';
import { toFramesiftError } from '@/lib/shared/errors';
import { getFramesift } from './framesift';
import { modelOptions } from './use-model';

/** How fast the model is in each way of running it, as far as that has been measured on this visit. */
export interface Speeds {
  reports: ReadonlyMap<ProviderRung, ProviderReport>;
  isMeasuring: boolean;
  problem: string | null;
  measure: () => void;
}

/** @param modelVersion whose speeds are wanted; those of another are forgotten */
export function useSpeeds(modelVersion: string | null): Speeds {
  const [measured, setMeasured] = useState<{
    modelVersion: string;
    reports: ReadonlyMap<ProviderRung, ProviderReport>;
  } | null>(null);
  const [isMeasuring, setIsMeasuring] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [run, setRun] = useState(0);

  useEffect(() => {
    if (run === 0 || modelVersion === null) return;
    let current = true;
    const reports = new Map<ProviderRung, ProviderReport>();
    getFramesift()
      .services.measureProviders({ ...modelOptions(), provider: 'auto' }, (report) => {
        reports.set(report.rung, report);
        if (current) setMeasured({ modelVersion, reports: new Map(reports) });
      })
      .catch((error: unknown) => {
        if (current) setProblem(toFramesiftError(error).message);
      })
      .finally(() => {
        if (current) setIsMeasuring(false);
      });
    return () => {
      current = false;
    };
    // Measured when it is asked for, not when the model changes.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [run]);

  return {
    reports: measured?.modelVersion === modelVersion ? measured.reports : new Map(),
    isMeasuring,
    problem,
    measure: () => {
      setProblem(null);
      setMeasured(null);
      setIsMeasuring(true);
      setRun((number) => number + 1);
    },
  };
}
