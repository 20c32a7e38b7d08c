/** The engine's decisions next to what the API server's own code makes of the generated policies. */
import { expect } from 'vitest';
import { decide } from '../../../src/injection/engine/decide.ts';
import type { Decision, InjectionSettings } from '../../../src/injection/engine/decision.ts';
import { policyObjects } from '../../../src/injection/policy/objects.ts';
import { testSettings } from '../../../src/injection/testing/settings.ts';
import type { Json, JsonMap } from '../../../src/kubernetes/json.ts';
import type { Oracle, OracleCase, OracleRequest, OracleResult } from './policy-oracle.ts';

const VERSION = '1.2.3';

/** What the API server stops one expression at; all of a policy together have ten times as much. */
export const EXPRESSION_LIMIT = 1_000_000;

/** Without what the API server knows no field for. */
export const known = (pod: JsonMap): JsonMap =>
  JSON.parse(
    JSON.stringify(pod, (key, value: unknown) => (key === 'x-unknown' ? undefined : value)),
  ) as JsonMap;

/** A pod of one container. */
export const web = (annotations: JsonMap, spec: JsonMap = {}): JsonMap => ({
  metadata: { annotations },
  spec: { containers: [{ name: 'web', image: 'nginx' }], ...spec },
});
export const cases = (pods: readonly Json[]): OracleCase[] => pods.map((object) => ({ object }));
export const reasons = (compared: readonly Compared[]) => compared.map(({ decision: { reason } }) => reason);
export interface Comparison {
  readonly settings?: Partial<InjectionSettings>;
  /** Namespaces of each profile that is not for all. */
  readonly allowed?: ReadonlyMap<string, ReadonlySet<string>>;
  /** Foreign values are shown with other signs for what cannot be printed. */
  readonly hasUnprintable?: boolean;
  /** Of Kubernetes' CEL: that of a server of 1.36 unless it says otherwise. */
  readonly compatibility?: string;
}

/** The policies as a request for the oracle. */
export function policiesFor({
  settings = {},
  allowed = new Map(),
  compatibility = '1.35',
}: Comparison): OracleRequest {
  const all = { ...testSettings(settings), version: VERSION, allowed };
  const { mutating, validating } = policyObjects(all, false);
  return { compatibility, mutating: mutating[0], validating: validating[0] };
}

/** What of a message does not depend on guesses at what was meant, which CEL cannot make. */
export function firm(message: string, hasUnprintable: boolean): string {
  const plain = hasUnprintable ? message.replaceAll(/"(?:[^"\\]|\\.)*"/g, '""') : message;
  return plain.split(/; (?:did you mean|there are)|: (?:did you mean|belongs to)/)[0]?.slice(0, 190) ?? '';
}

function decided(asked: OracleCase | undefined, before: Json, { settings, allowed }: Comparison): Decision {
  const namespace = asked?.namespace ?? { name: 'default' };
  const all = testSettings(settings);
  const label = namespace.labels?.['pillion.dev/inject'];
  // A webhook is only there for labels that name a profile.
  const namespaceDefault = label !== undefined && all.profiles.has(label) ? label : undefined;
  const isAllowed = (profile: string, name: string) =>
    (allowed?.get(profile)?.has(name) ?? true) && (all.profiles.get(profile)?.namespaces?.has(name) ?? true);
  return decide({ pod: before, namespace: namespace.name, namespaceDefault }, { ...all, isAllowed }, VERSION);
}

export interface Compared {
  readonly result: OracleResult;
  readonly decision: Decision;
}

/** Each pod through both: the same pod, or a refusal with the same reason and words. */
export async function comparePods(
  oracle: Oracle,
  asked: readonly OracleCase[],
  comparison: Comparison = {},
): Promise<Compared[]> {
  const { compileErrors, results } = await oracle.ask({ ...policiesFor(comparison), cases: asked });
  expect(compileErrors).toEqual([]);
  const compared = results.map((result, at) => ({
    result,
    decision: decided(asked[at], result.before, comparison),
  }));
  // The API server writes its own spelling of the engine's pod too.
  const expected = await oracle.ask({
    compatibility: '1.35',
    cases: compared.map(({ decision: { pod } }) => ({ object: pod })),
  });
  const { hasUnprintable = false } = comparison;
  compared.forEach(({ result, decision }, at) => {
    const { outcome, reason, message } = decision;
    const { denials: [denial] = [], audit: [audit] = [] } = result;
    const seen = `${reason}: ${JSON.stringify(result.before)}`;
    expect.soft(result.error, seen).toBeUndefined();
    expect.soft(result.after, seen).toEqual(expected.results[at]?.before);
    expect
      .soft(
        audit === undefined && denial === undefined
          ? {}
          : { audit, message: firm(denial ?? '', hasUnprintable) },
        seen,
      )
      .toEqual(outcome === 'refused' ? { audit: reason, message: firm(message, hasUnprintable) } : {});
  });
  return compared;
}
