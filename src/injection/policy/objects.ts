/**
 * The objects that put policy mode into a cluster: one MutatingAdmissionPolicy for all profiles, because the order of several
 * is random; and a ValidatingAdmissionPolicy that says in words what the first cannot: it has no way to refuse.
 */
import { atLeast, formatVersion, type KubernetesVersion } from '../../kubernetes/version.ts';
import { cel } from '../cel.ts';
import { patchCel } from './changes.ts';
import { POLICY_ERRORS } from './errors.ts';
import { IS_POD } from './reading.ts';
import { messageOf } from './refusal.ts';
import type { PolicySettings, Variable } from './settings.ts';
import { decisionVariables, mutationVariables } from './variables.ts';

/** The version from which MutatingAdmissionPolicy is there without a feature gate. */
const SINCE: KubernetesVersion = { major: 1, minor: 36 };

const API_VERSION = 'admissionregistration.k8s.io/v1';

const PODS = {
  apiGroups: [''],
  apiVersions: ['v1'],
  resources: ['pods'],
  operations: ['CREATE'],
  scope: 'Namespaced',
};
const WORKLOADS = [
  { apiGroups: ['apps'], resources: ['deployments', 'statefulsets', 'daemonsets'] },
  { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'] },
].map((rule) => ({ ...rule, apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], scope: 'Namespaced' }));

/** Names of the objects: the API server takes those of files only with this end. */
const STATIC_SUFFIX = '.static.k8s.io';

export interface PolicyObjects {
  readonly mutating: readonly object[];
  readonly validating: readonly object[];
}

/**
 * @param isStatic for the API server's own folders of policies, from which it has them before it answers anybody
 * @throws PillionError `policy_needs_newer_kubernetes`, `policy_too_large`
 */
export function policyObjects(settings: PolicySettings, isStatic: boolean): PolicyObjects {
  if (!atLeast(settings.target, SINCE.minor)) {
    throw POLICY_ERRORS.policy_needs_newer_kubernetes({
      since: formatVersion(SINCE),
      target: formatVersion(settings.target),
    });
  }
  const named = (name: string) => (isStatic ? `${name}${STATIC_SUFFIX}` : name);
  const name = named('pillion');
  const variables = decisionVariables(settings);
  const more = mutationVariables(settings);
  checkSize([...variables, ...more, { name: 'mutation', expression: MUTATION }]);
  const common = { failurePolicy: 'Fail' };
  const policy = (kind: string, spec: object) => ({
    apiVersion: API_VERSION,
    kind,
    metadata: { name },
    spec,
  });
  const binding = (kind: string, bindingName: string, spec: object) => ({
    apiVersion: API_VERSION,
    kind,
    metadata: { name: named(bindingName) },
    spec: { policyName: name, ...spec },
  });
  return {
    mutating: [
      policy('MutatingAdmissionPolicy', {
        ...common,
        reinvocationPolicy: 'IfNeeded',
        matchConstraints: matched(settings, [PODS]),
        variables: [...variables, ...more].map(written),
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: MUTATION.text } }],
      }),
      binding('MutatingAdmissionPolicyBinding', 'pillion', {}),
    ],
    validating: [
      policy('ValidatingAdmissionPolicy', {
        ...common,
        matchConstraints: matched(settings, [PODS, ...WORKLOADS]),
        variables: variables.map(written),
        validations: VALIDATIONS,
        auditAnnotations: [{ key: 'reason', valueExpression: 'variables.refusal[?0].orValue("")' }],
      }),
      binding('ValidatingAdmissionPolicyBinding', 'pillion-pods', {
        validationActions: ['Deny'],
        matchResources: { resourceRules: [PODS] },
      }),
      binding('ValidatingAdmissionPolicyBinding', 'pillion-workloads', {
        validationActions: ['Warn'],
        matchResources: { resourceRules: WORKLOADS },
      }),
    ],
  };
}

/** What the API server's parser takes at most, and what its store takes with room for what it adds; in characters. */
const LONGEST_EXPRESSION = 100_000;
const LARGEST_OBJECT = 1_400_000;

function checkSize(variables: readonly Variable[]): void {
  const longest = variables.find(({ expression }) => expression.text.length > LONGEST_EXPRESSION);
  const sum = variables.reduce((length, { expression }) => length + expression.text.length, 0);
  if (longest !== undefined) {
    const { name, expression } = longest;
    throw POLICY_ERRORS.policy_too_large({
      what: `the expression ${name}`,
      length: expression.text.length,
      most: LONGEST_EXPRESSION,
    });
  }
  if (sum > LARGEST_OBJECT) {
    throw POLICY_ERRORS.policy_too_large({ what: 'the policy', length: sum, most: LARGEST_OBJECT });
  }
}

function written({ name, expression }: Variable): object {
  return { name, expression: expression.text };
}

/** Nothing in the namespaces of the cluster itself. */
function matched({ systemNamespaces }: PolicySettings, resourceRules: readonly object[]): object {
  const values = [...systemNamespaces];
  return {
    namespaceSelector: {
      matchExpressions: [{ key: 'kubernetes.io/metadata.name', operator: 'NotIn', values }],
    },
    resourceRules,
  };
}

const MUTATION = cel`variables.ask == "" || size(variables.refusal) > 0 || variables.is_stale ? [] : ${patchCel()}`;

const REFUSED = messageOf(cel`variables.refusal`);
const VALIDATIONS = [
  {
    expression: cel`size(variables.refusal) == 0`,
    messageExpression: cel`(${IS_POD} ? "" : "its pods will be refused: ") + ${REFUSED}`,
  },
  {
    // Without the other policy a pod would start bare, without a word.
    expression: cel`!(${IS_POD}) || variables.ask == "" || size(variables.refusal) > 0 || variables.is_stale || variables.steps.all(s, s.status == "recorded")`,
    messageExpression: cel`"not-injected: the pod asks for " + variables.ask + ", which the MutatingAdmissionPolicy did not put in"`,
  },
  {
    expression: cel`${IS_POD} || variables.asking == "" || size(variables.skip) == 0`,
    messageExpression: cel`"nothing will be put in: " + ${messageOf(cel`variables.skip`)}`,
  },
].map(({ expression, messageExpression }) => ({
  expression: expression.text,
  messageExpression: messageExpression.text,
  reason: 'Invalid',
}));
