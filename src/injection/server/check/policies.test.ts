import { describe, expect, it } from 'vitest';
import type { JsonMap } from '../../../kubernetes/json.ts';
import { type PolicyFacts, policyFindings } from './policies.ts';

const binding = (...validationActions: readonly string[]): JsonMap => ({
  spec: { policyName: 'pillion', validationActions },
});
const levelOf = (changes: Partial<PolicyFacts>) =>
  policyFindings({
    mutating: {},
    validating: {},
    mutatingBindings: [binding()],
    validatingBindings: [binding('Deny'), binding('Warn')],
    ...changes,
  }).map(({ level, message }) => `${level} ${message}`);

describe('policies', () => {
  it('that are bound inject, refuse and warn', () => {
    expect(levelOf({})).toEqual(['ok the API server injects, refuses and warns by itself']);
  });

  it('that nothing binds, or that refuse nothing, have failed', () => {
    expect(levelOf({ mutatingBindings: [] })[0]).toMatch(/^failed nothing binds/);
    expect(levelOf({ mutatingBindings: [{ spec: { policyName: 'other' } }] })[0]).toMatch(/^failed/);
    expect(levelOf({ validating: undefined })[0]).toMatch(/^failed nothing refuses/);
    expect(levelOf({ validatingBindings: [binding('Warn')] })[0]).toMatch(/^failed nothing refuses/);
    expect(levelOf({ validatingBindings: [binding('Deny')] })[0]).toMatch(/^warning nobody is warned/);
  });
});
