/**
 * A token for RDS: a session from the AWS SDK, and the signature. In a bundle of its own, and run in a process of its own:
 * so the keys of the session are never in the process that stays, nor are the SDK and Node's cryptography.
 */
import * as v from 'valibot';
import type { RdsTokenReply } from '../providers/aws-rds/source.ts';
import { rdsToken } from '../providers/aws-rds/token.ts';
import { awsSession } from './aws-session.ts';
import { describeFailure } from './describe-failure.ts';

const tokenRequest = v.object({
  host: v.string(),
  port: v.number(),
  user: v.string(),
  region: v.string(),
  profile: v.string(),
});

/** Never throws for what AWS or the SDK says: that is the reply. */
export async function answerRdsToken(input: unknown, env: NodeJS.ProcessEnv): Promise<RdsTokenReply> {
  const { profile, ...request } = v.parse(tokenRequest, input);
  try {
    const { expiresAt: sessionEnd, ...keys } = await awsSession({ profile, region: request.region }, env);
    const at = Date.now();
    return { ok: true, token: rdsToken({ ...request, keys, at }), signedAt: at, sessionEnd };
  } catch (error) {
    return { ok: false, ...describeFailure(error) };
  }
}
