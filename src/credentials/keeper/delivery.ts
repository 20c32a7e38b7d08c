/** Bringing one credential to where it is used: test login, files, reloads. */
import type { CredentialSpec, PgbouncerReload } from '../config/spec.ts';
import type { Credential } from '../model.ts';
import type { PasswordLimit } from '../outputs/formats.ts';
import { publish, tidy } from '../outputs/publish.ts';
import { RELOAD_ERRORS } from '../reload/errors.ts';
import { inspectPgbouncer, type ReloadContext, reloadName, reloadOne, testLogin } from '../reload/reload.ts';
import { passwordLimit, versionWarnings } from '../reload/versions.ts';

/** Called as things happen, for logs and metrics. */
export interface DeliveryEvents {
  written(path: string): void;
  reloaded(target: string, result: 'success' | 'failure' | 'absent', error?: unknown): void;
  /** Said once per text. */
  warn(message: string): void;
}

export interface Delivery {
  /**
   * Delivers: nothing is written when the test login fails or one file cannot take the credential, and files that hold it
   * already stay untouched. Reloads that are outstanding are done, in their order.
   * @throws PillionError `reload_absent` when the files are written and a program to be reloaded does not run (yet);
   * anything else when something failed
   */
  deliver(credential: Credential, signal: AbortSignal): Promise<void>;
  /** Version of the pgbouncer that was last seen; '' when none was. */
  version(): string;
}

export function createDelivery(
  spec: CredentialSpec,
  context: ReloadContext,
  events: DeliveryEvents,
): Delivery {
  let version = '';
  let tested: Credential | undefined;
  let isTidy = false;
  // The process before this one may have been killed between writing and reloading.
  let isReloadDue = true;
  const pgbouncer = spec.reload.find((reload): reload is PgbouncerReload => reload.type === 'pgbouncer');

  async function inspectVersion(signal: AbortSignal): Promise<void> {
    const isNeeded =
      version === '' &&
      spec.outputs.some(({ format, pgbouncerVersion }) => format === 'pgbouncer' && pgbouncerVersion === '');
    if (!isNeeded || pgbouncer === undefined) {
      return;
    }
    try {
      noteVersion(await inspectPgbouncer(pgbouncer, context, signal));
    } catch (error) {
      // It need not run yet; the reload will say whatever else is wrong.
      signal.throwIfAborted();
      if (!RELOAD_ERRORS.reload_absent.matches(error) && !RELOAD_ERRORS.reload_failed.matches(error)) {
        throw error;
      }
    }
  }

  function noteVersion(learned: { readonly version: string; readonly authType: string }): void {
    if (learned.version !== '') {
      version = learned.version;
      versionWarnings(version, learned.authType).forEach(events.warn);
    }
  }

  const limitFor = (configured: string): PasswordLimit =>
    passwordLimit(configured === '' ? version : configured);

  async function testOnce(credential: Credential, signal: AbortSignal): Promise<void> {
    if (spec.testLogin !== undefined && tested !== credential) {
      await testLogin(spec.testLogin, credential, context, signal);
      tested = credential;
    }
  }

  async function write(credential: Credential): Promise<void> {
    const inputs = spec.outputs.map((output) => {
      const limit = limitFor(output.pgbouncerVersion);
      return { output, credential, endpoint: spec.endpoint, limit };
    });
    if (!isTidy) {
      const warnings = await tidy(spec.outputs);
      warnings.forEach(events.warn);
      isTidy = warnings.length === 0;
    }
    // All of them are tried first: a token that one file cannot hold must not get into the others alone.
    for (const input of inputs) {
      await publish({ ...input, dryRun: true });
    }
    for (const input of inputs) {
      const { isChanged, warnings } = await publish(input);
      warnings.forEach(events.warn);
      if (isChanged) {
        isReloadDue = true;
        events.written(input.output.path);
      }
    }
  }

  async function reloadAll(credential: Credential, signal: AbortSignal): Promise<void> {
    for (const reload of spec.reload) {
      const target = reloadName(reload);
      try {
        const learned = await reloadOne(reload, credential, context, signal);
        noteVersion(learned);
        learned.warnings.forEach(events.warn);
        events.reloaded(target, 'success');
      } catch (error) {
        signal.throwIfAborted();
        const isAbsent = RELOAD_ERRORS.reload_absent.matches(error);
        events.reloaded(target, isAbsent ? 'absent' : 'failure', error);
        throw error;
      }
    }
    isReloadDue = false;
  }

  return {
    async deliver(credential, signal) {
      await inspectVersion(signal);
      await testOnce(credential, signal);
      await write(credential);
      if (isReloadDue) {
        await reloadAll(credential, signal);
      }
    },
    version: () => version,
  };
}
