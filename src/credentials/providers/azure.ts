import {
  entraError,
  federatedRequest,
  metadataRequest,
  type WorkloadIdentity,
  workloadIdentity,
} from '../../core/cloud/entra.ts';
import { withoutLineEnd } from '../../core/line-end.ts';
import type { Answer, Source } from '../model.ts';
import { atPointer, instant, parseJson, seconds, secretText } from './answer.ts';
import { requestSource } from './request.ts';
import { readSecretFile } from './secret-file.ts';
import { completeAnswer, type SourceContext } from './source.ts';

export interface AzureSourceSpec {
  /** The database user: the name of the identity. */
  readonly user: string;
  readonly resource: string;
  /** Of a user-assigned identity; '' for the only one, or the one of the workload identity. */
  readonly clientId: string;
  /** `http://169.254.169.254` */
  readonly metadataUrl: string;
}

const SOURCE = 'Microsoft Entra ID';
/**
 * Azure Database takes an Entra token as password. From AKS's workload identity where its variables are there, otherwise
 * from the instance's metadata server.
 */
export function azureSource(spec: AzureSourceSpec, context: SourceContext): Source {
  const identity = workloadIdentity(context.env, spec.clientId);
  return {
    async ask(signal): Promise<Answer> {
      const askedAt = context.now();
      const request =
        identity === undefined
          ? metadataRequest(spec)
          : federatedRequest(identity, spec.resource, await readAssertion(identity, context));
      const described = { ...request, source: SOURCE, explain: entraError, advice };
      const reply = await requestSource(context, described, signal);
      const answer = parseJson(reply.body, SOURCE);
      const raw = {
        password: secretText(atPointer(answer, '/access_token'), 'access_token', SOURCE),
        expiresAt: instant(atPointer(answer, '/expires_on'), 'expires_on', SOURCE),
        expiresInMs: seconds(atPointer(answer, '/expires_in'), 'expires_in', SOURCE),
      };
      const { user } = spec;
      return completeAnswer({ source: SOURCE, raw, user, askedAt, now: context.now(), date: reply.date });
    },
  };
}

async function readAssertion({ tokenFile }: WorkloadIdentity, context: SourceContext): Promise<string> {
  const assertion = withoutLineEnd(await readSecretFile(tokenFile));
  context.secret('azure assertion', assertion);
  return assertion;
}

function advice(status: number): string {
  return status === 400 || status === 401
    ? 'check client-id, the federated credential (issuer, subject, audience) of the identity, and the resource'
    : 'check that this runs in Azure with a managed or workload identity';
}
