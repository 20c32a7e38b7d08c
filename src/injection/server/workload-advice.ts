/** What would happen to the pods of a workload, told where a person sees it: at `kubectl apply`, before any pod is made. */
import { decide } from '../engine/decide.ts';
import type { InjectionSettings } from '../engine/decision.ts';
import { workloadsOf } from '../offline/workloads.ts';
import type { Review } from './review.ts';

/**
 * Warnings, none when the pods can be made as asked. A pod itself is not advised on: the mutating webhook speaks of it.
 */
export function adviceOn(review: Review, settings: InjectionSettings, version: string): string[] {
  return workloadsOf(review.object)
    .filter(({ kind }) => kind !== 'Pod')
    .flatMap((workload) => {
      const namespace = review.namespace || workload.namespace;
      const { outcome, message, warnings } = decide(
        { pod: workload.pod, namespace, operation: 'CREATE' },
        settings,
        version,
      );
      return outcome === 'refused' ? [`its pods will be refused: ${message}`, ...warnings] : warnings;
    });
}
