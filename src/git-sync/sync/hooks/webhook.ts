import type { Log } from '../../../core/log/log.ts';
import type { WebHook } from '../spec.ts';
import { HOOK_ERRORS } from './errors.ts';

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
    const { status } = await sendRequest({
      method: hook.method,
      url: hook.url,
      headers: { 'Gitsync-Hash': hash },
      timeoutMs: hook.timeoutMs,
      signal,
      env,
      userAgent: 'pillion-git-sync',
    });
    if (hook.successStatus !== 0 && status !== hook.successStatus) {
      const why = `received response code ${status} expected ${hook.successStatus}`;
      const hint = 'check the receiver, or set --webhook-success-status to what it answers';
      throw HOOK_ERRORS.hook_failed({ why, hint });
    }
    log.at(1, 'webhook succeeded', { hash, status });
  };
}
