/** Findings about the pods that are there: who asked and has nothing, or has something old, or waits for a Secret. Pure. */
import { listAt, memberAt, textAt } from '../../../kubernetes/json.ts';
import { decide } from '../../engine/decide.ts';
import type { InjectionSettings } from '../../engine/decision.ts';
import { isAlive, type ObservedPod, podState } from '../pods/pod-state.ts';
import { type Finding, someOf } from './finding.ts';

/** What is known of them; names are kept, pods are not. */
export interface PodSurvey {
  readonly asking: number;
  readonly bare: readonly string[];
  readonly stale: readonly string[];
  /** `namespace/secret` -> the pods that cannot do without it. */
  readonly secrets: ReadonlyMap<string, readonly string[]>;
}

export interface Surveyor {
  add(pods: readonly ObservedPod[]): void;
  survey(): PodSurvey;
}

/** More names help nobody, and a cluster may have very many. */
const MOST_SECRETS = 500;

export function createSurveyor(settings: InjectionSettings): Surveyor {
  const bare: string[] = [];
  const stale: string[] = [];
  const secrets = new Map<string, string[]>();
  let asking = 0;

  function addPod(observed: ObservedPod): void {
    const state = podState(observed, settings);
    if (state === 'apart') {
      return;
    }
    asking += 1;
    const name = `${observed.namespace}/${textAt(observed.pod, 'metadata', 'name') ?? ''}`;
    if (state === 'bare') {
      bare.push(name);
    } else if (state === 'stale') {
      stale.push(name);
    }
    for (const secret of neededSecrets(observed, settings)) {
      const key = `${observed.namespace}/${secret}`;
      if (secrets.size < MOST_SECRETS || secrets.has(key)) {
        secrets.set(key, [...(secrets.get(key) ?? []), name]);
      }
    }
  }

  return {
    add: (pods) => pods.filter(({ pod }) => isAlive(pod)).forEach(addPod),
    survey: () => ({ asking, bare, stale, secrets }),
  };
}

/** Secrets without which what was put in cannot start: those of its volumes and variables that are not optional. */
export function neededSecrets(observed: ObservedPod, settings: InjectionSettings): string[] {
  const { pod, instances } = decide(observed, settings, '');
  const containers = new Set(instances.flatMap((each) => each.containers));
  const volumes = new Set(instances.flatMap((each) => each.volumes));
  const named = (list: string, names: ReadonlySet<string>) =>
    listAt(pod, 'spec', list).filter((each) => names.has(textAt(each, 'name') ?? ''));
  const references = [
    ...named('volumes', volumes).flatMap((volume) => [
      { of: memberAt(volume, 'secret'), key: 'secretName' },
      ...listAt(volume, 'projected', 'sources').map((source) => ({
        of: memberAt(source, 'secret'),
        key: 'name',
      })),
    ]),
    ...['containers', 'initContainers']
      .flatMap((list) => named(list, containers))
      .flatMap((container) => [
        ...listAt(container, 'env').map((each) => ({
          of: memberAt(each, 'valueFrom', 'secretKeyRef'),
          key: 'name',
        })),
        ...listAt(container, 'envFrom').map((each) => ({ of: memberAt(each, 'secretRef'), key: 'name' })),
      ]),
  ];
  const needed = references
    .filter(({ of }) => memberAt(of, 'optional') !== true)
    .map(({ of, key }) => textAt(of, key));
  return [...new Set(needed.filter((name) => name !== undefined))];
}

export function podFindings({ asking, bare, stale }: PodSurvey): Finding[] {
  const check = 'pods';
  const findings: Finding[] = [];
  if (bare.length > 0) {
    const message = `bare although they asked: ${bare.length} (${someOf(bare)})`;
    const hint = 'restart their workloads: what a pod has is decided when it is made';
    findings.push({ check, level: 'failed', message, hint });
  }
  if (stale.length > 0) {
    const message = `with what an older profile or image put in: ${stale.length} (${someOf(stale)})`;
    findings.push({ check, level: 'warning', message, hint: 'kubectl rollout restart their workloads' });
  }
  const message = `all that ask have what they ask for: ${asking}`;
  return findings.length > 0 ? findings : [{ check, level: 'ok', message }];
}

/** @param missing `namespace/secret` of those that are not there */
export function secretFindings({ secrets }: PodSurvey, missing: readonly string[]): Finding[] {
  const check = 'secrets';
  const findings = missing.map((key): Finding => {
    const [namespace = '', name = ''] = key.split('/');
    const pods = someOf(secrets.get(key) ?? []);
    return {
      check,
      level: 'failed',
      message: `there is no Secret ${name} in ${namespace}, and what was put into ${pods} waits for it`,
      hint: `kubectl --namespace ${namespace} create secret generic ${name}, or correct the annotation`,
    };
  });
  const message = `all that pods wait for are there: ${secrets.size}`;
  return findings.length > 0 ? findings : [{ check, level: 'ok', message }];
}
