/** `POST /backup`: a backup on demand, for who has a token. */
import { existsSync } from 'node:fs';
import { bearerToken, isOneOf } from '../../core/http/same-secret.ts';
import { openSecretFile, type SecretFile, type SecretFileInit } from '../../core/http/secret-file.ts';
import { jsonReply, type Reply, type Route } from '../../core/http/server.ts';

export interface TriggerInit extends SecretFileInit {
  /** Makes a backup, or joins one that runs; says what came of it. */
  readonly backUp: () => Promise<{ readonly ok: boolean; readonly report: object }>;
}

const MAX_IN_FLIGHT = 4;

/** @throws PillionError `secret_file_unusable` for a file that is there, and of which no token can be used */
export async function triggerRoute(init: TriggerInit): Promise<Route> {
  const { log, secrets, backUp } = init;
  const tokens = await tokensOf(init);
  return {
    method: 'POST',
    path: '/backup',
    maxInFlight: MAX_IN_FLIGHT,
    async handle({ headers, remoteAddress }): Promise<Reply> {
      if (!isOneOf(bearerToken(headers.authorization) ?? '', await tokens())) {
        return { status: 401, headers: { 'www-authenticate': 'Bearer' } };
      }
      log.info('a backup was requested', { from: remoteAddress });
      const { ok, report } = await backUp();
      return jsonReply(ok ? 200 : 500, report, (text) => secrets.redact(text));
    },
  };
}

/** The file need not be there before the first request: a Secret may come later than the pod. */
async function tokensOf(init: SecretFileInit): Promise<() => Promise<readonly string[]>> {
  let file: SecretFile | undefined = existsSync(init.path) ? await openSecretFile(init) : undefined;
  return async () => {
    try {
      file ??= await openSecretFile(init);
      return await file.current();
    } catch (error) {
      init.log.error('a request is refused, since no token is known', error);
      return [];
    }
  };
}
