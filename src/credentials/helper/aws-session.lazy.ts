/** The keys of a session, for what signs other things than a login of RDS: git-sync, for CodeCommit. */
import * as v from 'valibot';
import { sessionAdvice } from '../providers/aws-rds/advice.ts';
import { awsSession } from './aws-session.ts';
import { describeFailure } from './describe-failure.ts';

const sessionRequest = v.object({ region: v.string(), profile: v.string() });

const NOWHERE =
  'give the service account a role (EKS Pod Identity, or IRSA with eks.amazonaws.com/role-arn), or the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';

/** Never throws for what AWS or the SDK says: that is the reply. */
export async function answerAwsSession(input: unknown, env: NodeJS.ProcessEnv): Promise<object> {
  const request = v.parse(sessionRequest, input);
  try {
    return await awsSession(request, env);
  } catch (error) {
    const { name, message } = describeFailure(error);
    const text = `${name}: ${message}`;
    return { message: text, advice: sessionAdvice(text) ?? NOWHERE };
  }
}
