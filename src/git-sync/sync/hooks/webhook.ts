import { PillionError } from '../../../core/errors.ts';
import type { Log } from '../../../core/log/log.ts';
import type { WebHook } from '../../settings.ts';

export interface WebHookInit {
  readonly hook: WebHook;
  readonly log: Log;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Sends one request with the header `Gitsync-Hash` and an empty body; any answer is success when the status is 0. */
export function createWebHook({ hook, log, env }: WebHookInit) {
  return async (hash: string, signal: AbortSignal): Promise<void> => {
    log.info('sending webhook', { hash, method: hook.method, timeout: `${hook.timeoutMs / 1000}s` });
    const { sendRequest } = await import('../../../core/http/client.ts');
    const answer = await sendRequest({
      method: hook.method,
      url: hook.url,
      headers: { 'Gitsync-Hash': hash },
      timeoutMs: hook.timeoutMs,
      signal,
      env,
      userAgent: 'pillion-git-sync',
    });
    if (hook.successStatus !== 0 && answer.status !== hook.successStatus) {
      throw new PillionError({
        code: 'hook_failed',
        message: `received response code ${answer.status} expected ${hook.successStatus}`,
        hint: 'check the receiver, or set --webhook-success-status to what it answers',
        retryable: true,
      });
    }
    log.at(1, 'webhook succeeded', { hash, status: answer.status });
  };
}
