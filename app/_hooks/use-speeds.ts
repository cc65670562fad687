'use client';

import type { ProviderRung } from '@/lib/ports/encoder';
import { useState } from 'react';
import type { ProviderReport } from '@/lib/core/measure-providers';
import { toFramesiftError } from '@/lib/shared/errors';
import { getFramesift } from './framesift';
import { modelOptions } from './model-choices';

/** How fast the model is in each way of running it, as far as that has been measured on this visit. */
export interface Speeds {
  reports: ReadonlyMap<ProviderRung, ProviderReport>;
  isMeasuring: boolean;
  problem: string | null;
  measure: () => void;
}

/**
 * Belongs where it stays mounted: a measurement goes on, and its figures are kept, while the panel is closed.
 *
 * @param modelVersion whose speeds are wanted; those of another are forgotten
 */
export function useSpeeds(modelVersion: string | null): Speeds {
  const [measured, setMeasured] = useState<{
    modelVersion: string;
    reports: ReadonlyMap<ProviderRung, ProviderReport>;
  } | null>(null);
  const [isMeasuring, setIsMeasuring] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  const measure = async (version: string) => {
    const reports = new Map<ProviderRung, ProviderReport>();
    setProblem(null);
    setMeasured(null);
    setIsMeasuring(true);
    try {
      const { services } = getFramesift();
      await services.measureProviders({ ...modelOptions(), provider: 'auto' }, (report) => {
        reports.set(report.rung, report);
        setMeasured({ modelVersion: version, reports: new Map(reports) });
      });
    } catch (error) {
      setProblem(toFramesiftError(error).message);
    } finally {
      setIsMeasuring(false);
    }
  };

  return {
    reports: measured?.modelVersion === modelVersion ? measured.reports : new Map(),
    isMeasuring,
    problem,
    measure: () => {
      if (modelVersion !== null && !isMeasuring) void measure(modelVersion);
    },
  };
}
