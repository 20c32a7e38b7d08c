/** Decisions of the engine about a pod, with the settings of a test. */
import type { Json, JsonMap } from '../../kubernetes/json.ts';
import { decide as decideWith } from '../engine/decide.ts';
import type { Decision, InjectionRequest, InjectionSettings } from '../engine/decision.ts';
import { testSettings } from './settings.ts';

const settings = testSettings();

/** Annotations that ask for a sync of a repository. */
export const REPO = {
  'pillion.dev/inject': 'git-sync',
  'pillion.dev/git-sync.repo': 'https://git.example/a.git',
};

export function pod(annotations: JsonMap, spec: JsonMap = {}): JsonMap {
  return { metadata: { annotations }, spec: { containers: [{ name: 'web', image: 'nginx' }], ...spec } };
}

export function decide(
  subject: Json,
  changes: Partial<InjectionSettings> = {},
  request: Partial<InjectionRequest> = {},
): Decision {
  return decideWith({ pod: subject, namespace: 'default', ...request }, { ...settings, ...changes }, '1.2.3');
}
