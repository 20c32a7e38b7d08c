/**
 * AdmissionReview in, AdmissionReview out (admission.k8s.io/v1 and v1beta1). Pure. What an API server checks of an answer
 * is in k8s.io/apiserver/pkg/admission/plugin/webhook/request: uid and kind must be those of the request, and a patch
 * never stands without its type.
 */
import { isMap, type Json, type JsonMap, memberAt, textAt } from '../../kubernetes/json.ts';
import type { Decision } from '../engine/decision.ts';
import { sentence } from '../text.ts';

const API_VERSIONS: ReadonlySet<string> = new Set(['admission.k8s.io/v1', 'admission.k8s.io/v1beta1']);
/** An API server's are 36 characters. */
const LONGEST_UID = 128;
/** What an API server takes of all warnings together is 4096 characters. */
const WARNINGS_ROOM = 4096;

export interface Review {
  readonly apiVersion: string;
  readonly uid: string;
  readonly operation: string;
  readonly subResource: string;
  /** Of the object, where the request says so. */
  readonly kind?: string | undefined;
  readonly namespace: string;
  /** What the object is called, for the log: controllers' pods have no name yet. */
  readonly name: string;
  readonly isDryRun: boolean;
  readonly object: Json;
}

/** Reads the body of a request; what is wrong with it comes back in words. */
export function readReview(body: Buffer): Review | { readonly problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch {
    return { problem: 'the body is no JSON' };
  }
  const apiVersion = textAt(value, 'apiVersion') ?? '';
  if (textAt(value, 'kind') !== 'AdmissionReview' || !API_VERSIONS.has(apiVersion)) {
    return { problem: 'the body is no AdmissionReview of admission.k8s.io/v1 or v1beta1' };
  }
  const uid = textAt(value, 'request', 'uid') ?? '';
  if (uid === '' || uid.length > LONGEST_UID) {
    return { problem: 'the request has no uid' };
  }
  const request = memberAt(value, 'request');
  const object = memberAt(request, 'object');
  return {
    apiVersion,
    uid,
    operation: textAt(request, 'operation') ?? '',
    subResource: textAt(request, 'subResource') ?? '',
    kind: textAt(request, 'kind', 'kind'),
    namespace: textAt(request, 'namespace') ?? '',
    name: nameOf(request, object),
    isDryRun: memberAt(request, 'dryRun') === true,
    object: isMap(object) ? object : {},
  };
}

function nameOf(request: unknown, object: unknown): string {
  const given = textAt(request, 'name') || textAt(object, 'metadata', 'name');
  const generated = textAt(object, 'metadata', 'generateName');
  return sentence(given || (generated === undefined ? '<unnamed>' : `${generated}<new>`), 253);
}

/** What is answered to a review. */
export interface Verdict {
  readonly allowed: boolean;
  /** For the user, where it is refused. */
  readonly message?: string;
  /** HTTP status of a refusal: 422 for what is wrong with the request, 500 for what is wrong with us. */
  readonly code?: number;
  readonly patch?: readonly object[];
  readonly warnings?: readonly string[];
  /** Kept in the audit log of the API server as `<webhook>/<key>`. */
  readonly audit?: Readonly<Record<string, string>>;
}

/** The verdict on a pod. */
export function verdictOf({ outcome, reason, message, warnings, patch, instances }: Decision): Verdict {
  const audit = {
    reason,
    ...(instances.length > 0 && {
      instances: instances.map(({ instance, profile, hash }) => `${instance}=${profile}@${hash}`).join(','),
    }),
  };
  if (outcome === 'refused') {
    return { allowed: false, message: `pillion: ${message}`, code: reason === 'internal' ? 500 : 422, audit };
  }
  return { allowed: true, patch, warnings, audit };
}

/** The answer as JSON. */
export function renderVerdict({ apiVersion, uid }: Review, verdict: Verdict): string {
  const { allowed, message, code, patch = [], audit } = verdict;
  const warnings = fitting(verdict.warnings ?? []);
  const response: JsonMap = {
    uid,
    allowed,
    ...(message !== undefined && {
      status: {
        message: sentence(message),
        code: code ?? 422,
        reason: code === 500 ? 'InternalError' : 'Invalid',
      },
    }),
    ...(patch.length > 0 && {
      patchType: 'JSONPatch',
      patch: Buffer.from(JSON.stringify(patch)).toString('base64'),
    }),
    ...(warnings.length > 0 && { warnings }),
    ...(audit !== undefined && { auditAnnotations: audit }),
  };
  return JSON.stringify({ apiVersion, kind: 'AdmissionReview', response });
}

function fitting(warnings: readonly string[]): string[] {
  let room = WARNINGS_ROOM;
  const unique = new Set(warnings.map((warning) => `pillion: ${sentence(warning, 111)}`));
  return [...unique].filter((warning) => {
    room -= warning.length;
    return room >= 0;
  });
}
