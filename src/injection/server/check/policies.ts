/** Findings about injection by policies, where no webhook and no server is needed. Pure. */
import { type Json, listAt, textAt } from '../../../kubernetes/json.ts';
import type { Finding } from './finding.ts';

/** The one name of the policies, mutating and validating, that `manifest --mode=policy` prints. */
export const POLICY = 'pillion';

export interface PolicyFacts {
  /** Undefined when there is none. */
  readonly mutating: Json | undefined;
  readonly validating: Json | undefined;
  /** All of the cluster. */
  readonly mutatingBindings: readonly Json[];
  readonly validatingBindings: readonly Json[];
}

const REINSTALL = 'apply the output of `pillion injector manifest --mode=policy` again';

export function policyFindings(facts: PolicyFacts): Finding[] {
  const check = 'policies';
  const bound = (bindings: readonly Json[]) =>
    bindings.filter((binding) => textAt(binding, 'spec', 'policyName') === POLICY);
  if (bound(facts.mutatingBindings).length === 0) {
    const message = 'nothing binds the MutatingAdmissionPolicy: nothing is put into any pod';
    return [{ check, level: 'failed', message, hint: REINSTALL }];
  }
  const actions = bound(facts.validatingBindings).flatMap((binding) =>
    listAt(binding, 'spec', 'validationActions'),
  );
  if (facts.validating === undefined || !actions.includes('Deny')) {
    const message = 'nothing refuses bad annotations: pods that have them start bare, without a word';
    return [{ check, level: 'failed', message, hint: REINSTALL }];
  }
  if (!actions.includes('Warn')) {
    const message = 'nobody is warned at the Deployment: only its pods are refused';
    return [{ check, level: 'warning', message, hint: REINSTALL }];
  }
  return [{ check, level: 'ok', message: 'the API server injects, refuses and warns by itself' }];
}
