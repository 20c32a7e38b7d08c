/** The AWS SDK's provider chain: it is large, and it caches. */
import { readFileSync } from 'node:fs';
import {
  createCredentialChain,
  fromEnv,
  fromIni,
  fromNodeProviderChain,
  fromProcess,
  fromWebToken,
} from '@aws-sdk/credential-providers';
import type { AwsKeys } from '../../core/cloud/aws-signature.ts';

export interface AwsSession extends AwsKeys {
  /** Milliseconds since the epoch; undefined for keys without an end. */
  readonly expiresAt: number | undefined;
}

/** For the metadata service, which is one hop away or not there at all. */
const METADATA_TIMEOUT_MS = 2000;

/**
 * A session from wherever the SDK finds one: environment, shared files, IRSA, EKS Pod Identity, ECS, instance metadata.
 * Changes this process's environment, which nobody else reads.
 * @throws whatever the SDK throws
 */
export async function awsSession(
  { profile, region }: { readonly profile: string; readonly region: string },
  env: NodeJS.ProcessEnv,
): Promise<AwsSession> {
  env['AWS_REGION'] ??= env['AWS_DEFAULT_REGION'] ?? region;
  trimContainerToken(env);
  const keys = await providerChain(profile, env)().catch((error: unknown) => {
    throw ofContainer(error, env) ?? error;
  });
  const { accessKeyId, secretAccessKey, sessionToken } = keys;
  return { accessKeyId, secretAccessKey, sessionToken, expiresAt: realEnd(keys) };
}

/** The chain goes on after a container endpoint that cannot be reached, and in the end says only that nothing was found. */
function ofContainer(error: unknown, env: NodeJS.ProcessEnv): Error | undefined {
  const names = ['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'];
  const name = names.find((one) => (env[one] ?? '') !== '');
  const isNowhere = error instanceof Error && error.message.includes('from any providers');
  return name !== undefined && isNowhere
    ? new Error(`nothing usable at the address in ${name}`, { cause: error })
    : undefined;
}

type Provider = ReturnType<typeof fromNodeProviderChain>;

function providerChain(profile: string, env: NodeJS.ProcessEnv): Provider {
  const chosen = profile === '' ? {} : { profile };
  const token = untrimmedWebToken(env);
  if (token === undefined) {
    return fromNodeProviderChain({ ...chosen, timeout: METADATA_TIMEOUT_MS, maxRetries: 1 });
  }
  const roleArn = env['AWS_ROLE_ARN'] ?? '';
  const roleSessionName = env['AWS_ROLE_SESSION_NAME'];
  const session = roleSessionName === undefined ? {} : { roleSessionName };
  return createCredentialChain(
    fromEnv(),
    fromIni(chosen),
    fromProcess(chosen),
    fromWebToken({ webIdentityToken: token, roleArn, ...session }),
  );
}

/** A line end behind the token of EKS Pod Identity costs the SDK seconds of retries and then the session. */
function trimContainerToken(env: NodeJS.ProcessEnv): void {
  const file = env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
  const text = file === undefined ? undefined : readIfThere(file);
  if (text !== undefined && text !== text.trim()) {
    env['AWS_CONTAINER_AUTHORIZATION_TOKEN'] = text.trim();
    delete env['AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE'];
  }
}

/** The web identity token without its line end, when there is one to be rid of. */
function untrimmedWebToken(env: NodeJS.ProcessEnv): string | undefined {
  const file = env['AWS_WEB_IDENTITY_TOKEN_FILE'];
  const text = file === undefined ? undefined : readIfThere(file);
  return text === undefined || text === text.trim() ? undefined : text.trim();
}

/** What cannot be read is the SDK's to complain about. */
function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** When the metadata service fails, the SDK calls its last session good for longer and keeps the true end elsewhere. */
function realEnd(keys: {
  readonly expiration?: Date;
  readonly originalExpiration?: Date;
}): number | undefined {
  const ends = [keys.expiration, keys.originalExpiration].flatMap((end) =>
    end === undefined ? [] : [end.getTime()],
  );
  return ends.length === 0 ? undefined : Math.min(...ends);
}
