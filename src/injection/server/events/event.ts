/** Which decisions are told to the owner of a pod, and as what. Pure. */
import { createHash } from 'node:crypto';
import { type Json, listAt, memberAt, textAt } from '../../../kubernetes/json.ts';
import type { Reason } from '../../engine/decision.ts';
import type { Told } from '../handler.ts';
import { NAME } from '../manifest/settings.ts';

/** Left alone although it asked. */
const SKIPPED: ReadonlySet<Reason> = new Set([
  'injected-by-another-version',
  'system-namespace',
  'mirror-pod',
  'windows',
  'host-network',
]);

export interface Owner {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
}

export interface Notice {
  readonly namespace: string;
  readonly owner: Owner;
  readonly reason: string;
  readonly message: string;
}

/**
 * What the owner of a pod is to learn: a refusal, or that the pod is left alone although it asked. Nothing for a pod that
 * nobody owns, whose maker gets the answer itself, and nothing for a dry run.
 */
export function noticeOf({ review, result, reason, message }: Told): Notice | undefined {
  const isNotable = result === 'refused' || (result === 'unchanged' && SKIPPED.has(reason as Reason));
  const owner = controllerOf(review.object);
  return isNotable && !review.isDryRun && owner !== undefined
    ? { namespace: review.namespace, owner, reason, message }
    : undefined;
}

/** The one owner that has made an object. */
export function controllerOf(object: Json): Owner | undefined {
  const reference = listAt(object, 'metadata', 'ownerReferences').find(
    (each) => memberAt(each, 'controller') === true,
  );
  const [apiVersion, kind, name, uid] = ['apiVersion', 'kind', 'name', 'uid'].map((key) =>
    textAt(reference, key),
  );
  return apiVersion !== undefined && kind !== undefined && name !== undefined && uid !== undefined
    ? { apiVersion, kind, name, uid }
    : undefined;
}

/** What has the same key is one Event, also when several replicas tell of it. */
export function keyOf({ namespace, owner, reason, message }: Notice): string {
  return createHash('sha256')
    .update(JSON.stringify([namespace, owner.uid, reason, message]))
    .digest('hex')
    .slice(0, 16);
}

/** Kinds whose objects are made by others that people know: where those are found, by name. */
const MADE_BY_OTHERS: ReadonlyMap<string, string> = new Map([
  ['apps/v1/ReplicaSet', 'replicasets'],
  ['batch/v1/Job', 'jobs'],
]);

/** Where an owner is read to learn who owns it; undefined for one that people have made. */
export function pathOf({ namespace, owner }: Notice): string | undefined {
  const resource = MADE_BY_OTHERS.get(`${owner.apiVersion}/${owner.kind}`);
  return resource === undefined
    ? undefined
    : `/apis/${owner.apiVersion}/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(owner.name)}`;
}

/** The Event (core/v1). Its reason is the code of log, metric and audit annotation. */
export function eventOf(
  notice: Notice,
  { count, now }: { readonly count: number; readonly now: Date },
): object {
  const { namespace, owner, reason, message } = notice;
  const at = now.toISOString().replace(/\.[0-9]+Z$/, 'Z');
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: eventName(notice), namespace },
    involvedObject: { ...owner, namespace },
    type: 'Warning',
    reason,
    message,
    source: { component: NAME },
    reportingComponent: NAME,
    count,
    firstTimestamp: at,
    lastTimestamp: at,
  };
}

export function eventName(notice: Notice): string {
  return `${notice.owner.name.slice(0, 200)}.${keyOf(notice)}`;
}
