/** `pillion credentials check`: what would happen, without doing it. */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { errorMessage, isPillionError } from '../../core/errors.ts';
import { createLog } from '../../core/log/log.ts';
import { defineOptions } from '../../core/options/option.ts';
import { printableLines } from '../../core/printable.ts';
import { withSignal } from '../../core/scoped-signal.ts';
import { createContext, createGuardedSource } from '../assemble.ts';
import { loadHere } from '../config/load.ts';
import type { CredentialSpec, OutputSpec, ReloadSpec } from '../config/spec.ts';
import type { Credential } from '../model.ts';
import { publish } from '../outputs/publish.ts';
import { SOURCE_ERRORS } from '../providers/errors.ts';
import { findProcesses, readPidFile } from '../reload/processes.ts';
import { inspectPgbouncer, type ReloadContext, reloadName, testLogin } from '../reload/reload.ts';
import { passwordLimit, versionWarnings } from '../reload/versions.ts';
import { checkHelp } from './help.ts';
import { CHECK_OPTIONS, RUN_OPTIONS } from './options.ts';
import { readFlags, readSettings } from './settings.ts';

const OPTIONS = defineOptions({ ...RUN_OPTIONS, ...CHECK_OPTIONS });

interface Checker {
  readonly context: ReloadContext;
  readonly signal: AbortSignal;
  /** One finding; a failure makes the exit code 1. */
  say(result: 'ok' | 'FAIL' | 'note', text: string): void;
}

export async function checkCommand(command: CommandContext): Promise<ExitStatus> {
  if (readFlags(command, OPTIONS).help) {
    command.stdout(checkHelp());
    return 0;
  }
  const { values, credentials } = await readSettings(command, OPTIONS, loadHere(command.env));
  let failures = 0;
  const { secrets } = command;
  const log = createLog({ verbosity: -1, secrets });
  for (const spec of credentials) {
    command.stdout(`${spec.name}\n`);
    const context = createContext(spec.name, { context: command, log, secrets, clock: systemClock });
    const say: Checker['say'] = (result, text) => {
      failures += result === 'FAIL' ? 1 : 0;
      command.stdout(`  ${result.padEnd(4)}  ${printableLines(secrets.redact(text))}\n`);
    };
    await withSignal(new AbortController().signal, {}, (signal) =>
      checkCredential(spec, values.login, { context, signal, say }),
    );
  }
  return failures === 0 ? 0 : 1;
}

async function checkCredential(spec: CredentialSpec, withLogin: boolean, checker: Checker): Promise<void> {
  const version = await checkReloads(spec.reload, checker);
  const credential = await checkSource(spec, checker);
  if (credential === undefined) {
    return;
  }
  for (const output of spec.outputs) {
    await checkOutput(output, credential, spec, version, checker);
  }
  const { testLogin: target } = spec;
  if (target !== undefined && withLogin) {
    await attempt(`login to ${target.host}:${target.port}/${target.database}`, checker, async () => {
      await testLogin(target, credential, checker.context, checker.signal);
      return 'the database takes the credential';
    });
  } else if (withLogin) {
    checker.say('note', 'no login: the configuration has no test-login');
  }
}

/** Says what was found, or what failed and what to try. */
async function attempt(what: string, checker: Checker, work: () => Promise<string>): Promise<void> {
  try {
    checker.say('ok', `${what}: ${await work()}`);
  } catch (error) {
    const hint = isPillionError(error) && error.hint !== undefined ? `\n        try: ${error.hint}` : '';
    checker.say('FAIL', `${what}: ${errorMessage(error)}${hint}`);
  }
}

async function checkSource(spec: CredentialSpec, checker: Checker): Promise<Credential | undefined> {
  let found: Credential | undefined;
  await attempt(`source ${spec.source.provider}`, checker, async () => {
    const source = createGuardedSource(spec, checker.context, systemClock);
    const reason = (): Error =>
      SOURCE_ERRORS.source_timeout({
        source: `the source (${spec.source.provider})`,
        seconds: spec.timeoutMs / 1000,
      });
    const { credential } = await withSignal(checker.signal, { timeoutMs: spec.timeoutMs, reason }, (signal) =>
      source.ask(signal),
    );
    found = credential;
    const { username, password, expiresAt } = credential;
    const end =
      expiresAt === undefined
        ? 'without an end'
        : `for ${Math.round((expiresAt - systemClock.now()) / 1000)} s more, until ${new Date(expiresAt).toISOString()}`;
    return `user ${username}, ${Buffer.byteLength(password)} bytes, good ${end}`;
  });
  return found;
}

async function checkOutput(
  output: OutputSpec,
  credential: Credential,
  { endpoint }: CredentialSpec,
  version: string,
  checker: Checker,
): Promise<void> {
  await attempt(`output ${output.format} ${output.path}`, checker, async () => {
    const limit = passwordLimit(output.pgbouncerVersion || version);
    const { isChanged, existed, warnings } = await publish({
      output,
      credential,
      endpoint,
      limit,
      dryRun: true,
    });
    warnings.forEach((warning) => checker.say('note', warning));
    await access(dirname(output.path), constants.W_OK);
    const what = isChanged ? (existed ? 'would be replaced' : 'would be made') : 'holds it already';
    return `${what}, mode ${output.mode.toString(8).padStart(4, '0')}`;
  });
}

/** Gives the version of the pgbouncer among them. */
async function checkReloads(reloads: readonly ReloadSpec[], checker: Checker): Promise<string> {
  let version = '';
  for (const reload of reloads) {
    const name = reloadName(reload);
    if (reload.type === 'pgbouncer') {
      await attempt(`reload ${name}`, checker, async () => {
        const found = await inspectPgbouncer(reload, checker.context, checker.signal);
        version = found.version;
        versionWarnings(version, found.authType).forEach((warning) => checker.say('note', warning));
        const proof = reload.isProved ? 'RELOAD and then a login as proof' : 'RELOAD without proof';
        return `pgbouncer ${version || 'of an unknown version'}, auth_type ${found.authType || 'unknown'}; would send ${proof}`;
      });
    } else if (reload.type === 'signal') {
      await attempt(`reload ${name}`, checker, async () => {
        const inner = reload.pidFile === undefined ? undefined : await readPidFile(reload.pidFile);
        const pids = await findProcesses(reload.process, inner);
        return pids.length === 0
          ? 'runs nowhere that this can see'
          : `would send ${reload.signal} to ${pids.join(', ')}`;
      });
    } else {
      checker.say('note', `reload ${name}: not tried`);
    }
  }
  return version;
}
