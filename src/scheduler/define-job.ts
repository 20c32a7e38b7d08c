import { parseExpression } from './grammar/expression.ts';
import type { JobBody } from './job-body.ts';
import { DEFAULT_POLICY, type JobPolicy, type JobSpec } from './job-spec.ts';
import type { Zone } from './time/zone.ts';

export interface JobDefinition {
  readonly name: string;
  /** A crontab's schedule: `30 2 * * *`, `H 3 * * 1-5`, `@every 15m`. */
  readonly schedule: string;
  readonly zone?: Zone | undefined;
  readonly policy?: Partial<JobPolicy> | undefined;
  readonly body: JobBody;
}

/**
 * A job that a function of this process does. `H` in its schedule is spread by pod and name.
 * @throws GrammarError for a schedule that cannot be read
 */
export function defineJob(definition: JobDefinition, podName: string): JobSpec {
  const { name, schedule: scheduleText, zone, body } = definition;
  const policy = { ...DEFAULT_POLICY, ...definition.policy };
  const rules = { sixth: 'year', dayRule: 'vixie', hashKey: `${podName}\n${name}` } as const;
  return {
    name,
    schedule: parseExpression(scheduleText, rules),
    scheduleText,
    zone,
    policy,
    body,
    fingerprint: JSON.stringify([scheduleText, zone?.name, policy]),
    stateKey: name,
  };
}
