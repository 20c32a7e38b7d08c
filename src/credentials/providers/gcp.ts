import { googleTokenRequest } from '../../core/cloud/google.ts';
import type { Answer, Source } from '../model.ts';
import { atPointer, parseJson, seconds, secretText } from './answer.ts';
import { requestSource } from './request.ts';
import { completeAnswer, type SourceContext } from './source.ts';

export interface GcpSourceSpec {
  /** The database user: the service account's address without `.gserviceaccount.com`, for MySQL without all after `@`. */
  readonly user: string;
  /** Whose token; `default` is the pod's. */
  readonly account: string;
  readonly scope: string;
  /** `http://metadata.google.internal`, or another host from GCE_METADATA_HOST. */
  readonly metadataUrl: string;
}

const SOURCE = 'the metadata server of Google Cloud';

/** Cloud SQL takes an OAuth access token as password (IAM database authentication), with GKE's Workload Identity too. */
export function gcpSource(spec: GcpSourceSpec, context: SourceContext): Source {
  return {
    async ask(signal): Promise<Answer> {
      const askedAt = context.now();
      const request = { ...googleTokenRequest(spec), source: SOURCE, advice };
      const reply = await requestSource(context, request, signal);
      const answer = parseJson(reply.body, SOURCE);
      const raw = {
        password: secretText(atPointer(answer, '/access_token'), 'access_token', SOURCE),
        expiresInMs: seconds(atPointer(answer, '/expires_in'), 'expires_in', SOURCE),
      };
      const { user } = spec;
      return completeAnswer({ source: SOURCE, raw, user, askedAt, now: context.now(), date: reply.date });
    },
  };
}

function advice(status: number): string {
  return status === 404
    ? 'the pod has no such service account: check account, and GKE’s Workload Identity for this namespace and service account'
    : 'check that this runs in Google Cloud and that the service account may have tokens of this scope';
}
