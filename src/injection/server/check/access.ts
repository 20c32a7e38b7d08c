/** What the injector must be able to do, and whether it may. Pure. */
import { type Json, listAt, memberAt, textAt } from '../../../kubernetes/json.ts';
import { accessObjects } from '../manifest/access.ts';
import { NAME } from '../manifest/settings.ts';
import type { Attempted, Finding } from './finding.ts';

export interface WantedAccess {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  /** Empty for any. */
  readonly name: string;
  /** Empty for the whole cluster. */
  readonly namespace: string;
}

/** The rules of the manifest, one by one. */
export function wantedAccess(namespace: string, scan: boolean): WantedAccess[] {
  const objects = JSON.parse(JSON.stringify(accessObjects({ namespace, scan }))) as Json[];
  return objects.flatMap((object) =>
    listAt(object, 'rules').flatMap((rule) => {
      const texts = (key: string): string[] =>
        listAt(rule, key).filter((each): each is string => typeof each === 'string');
      const names = texts('resourceNames');
      return texts('apiGroups').flatMap((group) =>
        texts('resources').flatMap((resource) =>
          texts('verbs').flatMap((verb) =>
            (names.length === 0 ? [''] : names).map((name) => ({
              verb,
              group,
              resource,
              name,
              namespace: textAt(object, 'metadata', 'namespace') ?? '',
            })),
          ),
        ),
      );
    }),
  );
}

/**
 * The question for the API server: about the one who asks (in the injector's own pod), or, for an administrator, about
 * the injector's service account.
 */
export function accessReview(
  { verb, group, resource, name, namespace }: WantedAccess,
  account: string | undefined,
): { readonly path: string; readonly body: object } {
  const kind = account === undefined ? 'SelfSubjectAccessReview' : 'SubjectAccessReview';
  const [plain = '', subresource] = resource.split('/');
  const resourceAttributes = {
    verb,
    group,
    resource: plain,
    ...(subresource !== undefined && { subresource }),
    ...(name !== '' && { name }),
    ...(namespace !== '' && { namespace }),
  };
  return {
    path: `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`,
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind,
      spec: { resourceAttributes, ...(account !== undefined && subjectOf(account)) },
    },
  };
}

/** A service account is in these groups by its nature, and rules may name them. */
function subjectOf(namespace: string): object {
  return {
    user: `system:serviceaccount:${namespace}:${NAME}`,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
  };
}

export interface AnsweredAccess {
  readonly wanted: WantedAccess;
  /** The status of the review. */
  readonly status: Attempted<Json>;
}

export function accessFindings(answers: readonly AnsweredAccess[]): Finding[] {
  const check = 'access';
  const unknown = answers.find(({ status }) => 'problem' in status);
  const denied = answers.filter(
    ({ status }) => 'value' in status && memberAt(status.value, 'status', 'allowed') !== true,
  );
  const findings = denied.map(({ wanted }): Finding => {
    return {
      check,
      level: 'failed',
      message: `the injector may not ${inWords(wanted)}`,
      hint: 'apply the output of `pillion injector manifest` again',
    };
  });
  if (unknown !== undefined && 'problem' in unknown.status) {
    const message = `could not be looked at: ${unknown.status.problem}`;
    findings.push({ check, level: 'warning', message });
  }
  const message = `the injector may do all of ${answers.length} things that it has to`;
  return findings.length > 0 ? findings : [{ check, level: 'ok', message }];
}

function inWords({ verb, resource, name, namespace }: WantedAccess): string {
  const which = name === '' ? '' : ` ${name}`;
  return `${verb} ${resource}${which}${namespace === '' ? '' : ` in ${namespace}`}`;
}
