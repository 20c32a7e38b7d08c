/** Telling a program that its credential has changed, and making sure that it took it. */
import { lastLine } from '../../core/exec/display.ts';
import { tryRun } from '../../core/exec/run.ts';
import { withoutLineEnd } from '../../core/line-end.ts';
import { withSignal } from '../../core/scoped-signal.ts';
import type {
  CommandReload,
  HttpReload,
  LoginCheck,
  PgbouncerReload,
  ReloadSpec,
  TestLoginSpec,
} from '../config/spec.ts';
import type { RunHelper } from '../helper/run-helper.ts';
import type { Credential } from '../model.ts';
import { definedOnly } from '../providers/exec.ts';
import { declareHeaders, originOf } from '../providers/http.ts';
import { requestSource } from '../providers/request.ts';
import { readSecretFile } from '../providers/secret-file.ts';
import type { SourceContext } from '../providers/source.ts';
import { ABSENT_ADVICE, consoleAdvice, isAbsent, proofAdvice, testLoginAdvice } from './advice.ts';
import { RELOAD_ERRORS } from './errors.ts';
import {
  type Failure,
  type HelperReply,
  type LoginTarget,
  type PgbouncerRequest,
  type Proof,
  parseReply,
} from './protocol.ts';
import { sendSignal } from './signal.ts';

export interface ReloadContext extends SourceContext {
  readonly runHelper: RunHelper;
}

/** What was learned on the way; empty where nothing was. */
export interface Reloaded {
  readonly version: string;
  readonly authType: string;
  /** Things to say once, without secrets. */
  readonly warnings: readonly string[];
}

const NOTHING_LEARNED: Reloaded = { version: '', authType: '', warnings: [] };
/** A helper needs a moment to start, on a busy node more. */
const HELPER_START_MS = 20_000;

/** As it is called in logs and metrics: the same for each delivery. */
export function reloadName(spec: ReloadSpec): string {
  switch (spec.type) {
    case 'pgbouncer':
    case 'login':
      return `${spec.type} ${spec.host}:${spec.port}`;
    case 'signal':
      return `signal ${spec.process}`;
    case 'http':
      return `http ${originOf(spec.url)}`;
    default:
      return `command ${spec.command[0] ?? ''}`;
  }
}

/**
 * One reload.
 * @throws PillionError `reload_absent`, `reload_failed`, `reload_not_proved`
 */
export async function reloadOne(
  spec: ReloadSpec,
  credential: Credential,
  context: ReloadContext,
  signal: AbortSignal,
): Promise<Reloaded> {
  switch (spec.type) {
    case 'pgbouncer':
      return reloadPgbouncer(spec, credential, context, signal);
    case 'login':
      return checkLogin(spec, credential, context, signal);
    case 'signal':
      await sendSignal(spec);
      return NOTHING_LEARNED;
    case 'http':
      await notify(spec, context, signal);
      return NOTHING_LEARNED;
    default:
      await runCommand(spec, context, signal);
      return NOTHING_LEARNED;
  }
}

/**
 * What the pgbouncer at this address is, without changing anything.
 * @throws PillionError `reload_absent`, `reload_failed`
 */
export async function inspectPgbouncer(
  spec: PgbouncerReload,
  context: ReloadContext,
  signal: AbortSignal,
): Promise<Reloaded> {
  const request = { console: await consoleOf(spec, context), reload: false };
  const reply = await ask(context, 'pgbouncer', request, spec.timeoutMs, signal);
  throwFailure(reply.failure, reloadName(spec));
  return { ...reply, warnings: [] };
}

async function reloadPgbouncer(
  spec: PgbouncerReload,
  credential: Credential,
  context: ReloadContext,
  signal: AbortSignal,
): Promise<Reloaded> {
  const request: PgbouncerRequest = {
    console: await consoleOf(spec, context),
    reload: true,
    ...(spec.isProved ? { proof: loginOf(spec, spec.database, credential) } : {}),
  };
  const { version, authType, proof, failure } = await ask(
    context,
    'pgbouncer',
    request,
    spec.timeoutMs,
    signal,
  );
  throwFailure(failure, reloadName(spec));
  return {
    version,
    authType,
    warnings: proofWarnings(proof, reloadName(spec), spec.user, credential.username),
  };
}

function proofWarnings(proof: Proof, target: string, admin: string, user: string): string[] {
  const cause =
    'before 1.25 pgbouncer cannot check a client by SCRAM with a password of more than 1024 bytes';
  switch (proof) {
    case 'no database':
      return [
        `${target}: reloaded without proof, because no database of it takes the user ${user}; give database`,
      ];
    case 'too long':
      return [
        `${target}: reloaded without proof, because ${cause}; give user and password-file of an admin, and force the user ${user} for the database, or use pgbouncer 1.25`,
      ];
    case 'stood in':
      return [
        `${target}: a login of ${admin} over a new server connection stands in for the proof, because ${cause}`,
      ];
    default:
      return [];
  }
}

async function consoleOf(spec: PgbouncerReload, context: ReloadContext): Promise<LoginTarget> {
  const { host, port, user, passwordFile, caFile, timeoutMs } = spec;
  const target = { host, port, user, database: 'pgbouncer', timeoutMs, ...tlsOf(caFile) };
  if (passwordFile === undefined) {
    return target;
  }
  const password = withoutLineEnd(await readSecretFile(passwordFile));
  context.secret(`password ${passwordFile}`, password);
  return { ...target, password };
}

type Server = Pick<LoginCheck, 'host' | 'port' | 'timeoutMs' | 'caFile'>;

function loginOf(server: Server, database: string, { username, password }: Credential): LoginTarget {
  const { host, port, timeoutMs, caFile } = server;
  return { host, port, timeoutMs, database, user: username, password, ...tlsOf(caFile) };
}

function tlsOf(caFile: string | undefined): { tls?: { caFile: string } } {
  return caFile === undefined ? {} : { tls: { caFile } };
}

async function checkLogin(
  spec: LoginCheck,
  credential: Credential,
  context: ReloadContext,
  signal: AbortSignal,
): Promise<Reloaded> {
  const request = { login: loginOf(spec, spec.database, credential) };
  const { failure } = await ask(context, 'login', request, spec.timeoutMs, signal);
  throwFailure(failure && { ...failure, step: 'proof' }, reloadName(spec));
  return NOTHING_LEARNED;
}

/**
 * A login to the database itself with a credential that is not written yet.
 * @throws PillionError `login_refused`
 */
export async function testLogin(
  spec: TestLoginSpec,
  credential: Credential,
  context: ReloadContext,
  signal: AbortSignal,
): Promise<void> {
  const { host, port, database, tls, timeoutMs } = spec;
  const { username: user, password } = credential;
  const login = { host, port, database, user, password, timeoutMs, ...(tls === undefined ? {} : { tls }) };
  const { failure } = await ask(context, 'login', { login }, timeoutMs, signal);
  if (failure !== undefined) {
    const { message } = failure;
    const target = `the database at ${host}:${port}`;
    throw RELOAD_ERRORS.login_refused({ target, why: message, advice: testLoginAdvice(message) });
  }
}

async function ask(
  context: ReloadContext,
  name: 'login' | 'pgbouncer',
  request: object,
  timeoutMs: number,
  parent: AbortSignal,
): Promise<HelperReply> {
  // Login and each of up to five statements have the limit of their own; this one is for a helper that hangs.
  const limit = HELPER_START_MS + timeoutMs * 3;
  const reply = await withSignal(parent, { timeoutMs: limit }, (signal) =>
    context.runHelper(name, request, signal),
  );
  return parseReply(reply);
}

function throwFailure(failure: Failure | undefined, target: string): void {
  if (failure === undefined) {
    return;
  }
  const { step, code, message: why } = failure;
  if (step === 'console' && isAbsent(code)) {
    throw RELOAD_ERRORS.reload_absent({ target, why, advice: ABSENT_ADVICE });
  }
  if (step === 'proof') {
    throw isAbsent(code)
      ? RELOAD_ERRORS.reload_absent({ target, why, advice: ABSENT_ADVICE })
      : RELOAD_ERRORS.reload_not_proved({ target, why, advice: proofAdvice(why) });
  }
  throw RELOAD_ERRORS.reload_failed({ target, why, advice: consoleAdvice(why) });
}

async function notify(spec: HttpReload, context: ReloadContext, parent: AbortSignal): Promise<void> {
  const source = `the server ${originOf(spec.url)}`;
  const advice = (status: number): string =>
    status === 401 || status === 403
      ? 'check bearer-file and the client certificate'
      : 'see the log of that server';
  const headers: Record<string, string> = { ...spec.headers };
  declareHeaders(spec.headers, context);
  if (spec.bearerFile !== undefined) {
    const token = withoutLineEnd(await readSecretFile(spec.bearerFile));
    context.secret(`bearer ${spec.bearerFile}`, token);
    headers['Authorization'] = `Bearer ${token}`;
  }
  await withSignal(parent, { timeoutMs: spec.timeoutMs }, (signal) =>
    requestSource(context, { ...spec, source, headers, advice }, signal),
  );
}

const LONGEST_SAID = 300;

async function runCommand(
  { command, timeoutMs }: CommandReload,
  context: ReloadContext,
  signal: AbortSignal,
): Promise<void> {
  const [program = '', ...args] = command;
  const outcome = await tryRun(program, args, { env: definedOnly(context.env), timeoutMs, signal });
  signal.throwIfAborted();
  const { exitCode, timedOut, spawnError, stderr, signal: killedBy } = outcome;
  if (exitCode === 0 && !timedOut) {
    return;
  }
  const end = spawnError ?? (timedOut ? 'it timed out' : (killedBy ?? `exit code ${exitCode ?? 'unknown'}`));
  const said = lastLine(stderr).slice(0, LONGEST_SAID);
  throw RELOAD_ERRORS.reload_failed({
    target: `with the command ${program}`,
    why: said === '' ? end : `${end}: ${said}`,
    advice: 'run it by hand with the same user and environment',
  });
}
