/** Findings about the webhook configurations: whom they send where, and what becomes of pods without an answer. Pure. */
import { type Json, listAt, memberAt, textAt } from '../../../kubernetes/json.ts';
import { ADVISE_PATH, MUTATE_PATH, NAMESPACE_PATH } from '../paths.ts';
import type { Finding } from './finding.ts';
import { selects } from './selector.ts';

export interface WebhookFacts {
  /** Undefined when there is none. */
  readonly mutating: Json | undefined;
  readonly validating: Json | undefined;
  readonly namespace: string;
  readonly service: string;
  /** Replicas that are ready; undefined when nobody knows. */
  readonly replicas: number | undefined;
}

const REINSTALL = 'apply the output of `pillion injector manifest` again';

export function webhookFindings(facts: WebhookFacts): Finding[] {
  const check = 'webhooks';
  const entries = listAt(facts.mutating, 'webhooks');
  if (entries.length === 0) {
    const message = 'there is no MutatingWebhookConfiguration: nobody asks the injector about a pod';
    return [{ check, level: 'failed', message, hint: REINSTALL }];
  }
  const advising = listAt(facts.validating, 'webhooks');
  return [
    ...targetFindings(facts, [...entries, ...advising]),
    ...selectorFindings(facts, entries),
    ...policyFindings(facts, entries),
    ...(advising.length === 0
      ? [
          {
            check,
            level: 'warning' as const,
            message: 'there is no ValidatingWebhookConfiguration: nobody is warned at the Deployment',
            hint: REINSTALL,
          },
        ]
      : []),
  ];
}

const nameOf = (entry: Json) => textAt(entry, 'name') ?? '(without a name)';

function targetFindings({ namespace, service }: WebhookFacts, entries: readonly Json[]): Finding[] {
  const check = 'webhooks';
  const wrong = entries.flatMap((entry): Finding[] => {
    const target = memberAt(entry, 'clientConfig', 'service');
    const at = `${textAt(target, 'name')}.${textAt(target, 'namespace')}`;
    const path = textAt(target, 'path') ?? '/';
    if (target === undefined) {
      const url = textAt(entry, 'clientConfig', 'url') ?? 'nowhere';
      return [{ check, level: 'warning', message: `${nameOf(entry)} asks at ${url} and not at a Service` }];
    }
    if (at !== `${service}.${namespace}`) {
      const message = `${nameOf(entry)} asks the Service ${at} and not ${service}.${namespace}`;
      return [{ check, level: 'failed', message, hint: REINSTALL }];
    }
    return isKnown(path)
      ? []
      : [
          {
            check,
            level: 'failed',
            message: `${nameOf(entry)} asks at ${path}, which nobody answers`,
            hint: REINSTALL,
          },
        ];
  });
  const message = `${entries.length} entries ask ${service}.${namespace}.svc`;
  return wrong.length > 0 ? wrong : [{ check, level: 'ok', message }];
}

function isKnown(path: string): boolean {
  return path === MUTATE_PATH || path === ADVISE_PATH || path.startsWith(`${NAMESPACE_PATH}/`);
}

function selectorFindings({ namespace }: WebhookFacts, entries: readonly Json[]): Finding[] {
  const check = 'selectors';
  const findings = entries.flatMap((entry): Finding[] => {
    const reached = ['kube-system', namespace].filter((name) => isReached(entry, name));
    const isUpdating = listAt(entry, 'rules').some((rule) =>
      listAt(rule, 'operations').some((operation) => operation !== 'CREATE'),
    );
    return [
      ...reached.map(
        (name): Finding => ({
          check,
          level: 'failed',
          message: `${nameOf(entry)} is asked about pods of ${name}: with the injector gone, they could not start`,
          hint: `exclude it in the namespaceSelector, or ${REINSTALL}`,
        }),
      ),
      ...(isUpdating
        ? [
            {
              check,
              level: 'failed' as const,
              message: `${nameOf(entry)} is asked about more than the creation of pods`,
              hint: REINSTALL,
            },
          ]
        : []),
    ];
  });
  const message = 'neither kube-system nor the injector itself is asked about';
  return findings.length > 0 ? findings : [{ check, level: 'ok', message }];
}

function isReached(entry: Json, namespace: string): boolean {
  const asksAll = listAt(entry, 'matchConditions').length === 0;
  const labels = { 'kubernetes.io/metadata.name': namespace };
  // With a condition on the namespace's own label the entry is for those that have it.
  const selector = memberAt(entry, 'namespaceSelector');
  return (
    selects(selector, labels) || (asksAll && selects(selector, { ...labels, 'pillion.dev/inject': 'label' }))
  );
}

function policyFindings({ replicas }: WebhookFacts, entries: readonly Json[]): Finding[] {
  const check = 'failure policy';
  const policy = (entry: Json) => textAt(entry, 'failurePolicy') ?? 'Fail';
  const harmful = entries.filter(
    (entry) => policy(entry) === 'Fail' && listAt(entry, 'matchConditions').length === 0,
  );
  const [first] = harmful;
  if (first !== undefined) {
    const message = `${nameOf(first)} has Fail and no matchConditions: with the injector gone no pod at all could start`;
    const hint = 'use matchConditions (Kubernetes 1.30), or failurePolicy Ignore';
    return [{ check, level: 'failed', message, hint }];
  }
  const open = entries.filter((entry) => policy(entry) !== 'Fail');
  if (open.length > 0) {
    const message = `${open.length} of ${entries.length} entries have Ignore: pods that ask start bare while no replica answers`;
    const hint = 'watch pillion_injector_pods, or install with --failure-policy=Fail';
    return [{ check, level: 'warning', message, hint }];
  }
  if (replicas === 1) {
    const message = 'Fail with one replica: pods that ask cannot start while it is away';
    return [{ check, level: 'warning', message, hint: 'scale the Deployment to 2 or more' }];
  }
  return [{ check, level: 'ok', message: 'Fail, and only pods that ask are sent' }];
}
