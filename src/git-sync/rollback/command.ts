/** `pillion git-sync rollback`: pins what is published to an earlier revision, or releases it. */
import { systemClock } from '../../core/clock.ts';
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { usageError } from '../../core/errors.ts';
import { withDirectory } from '../../core/foreign-files/below.ts';
import { renderHelp } from '../../core/options/help.ts';
import { parsePflags } from '../../core/options/pflag-syntax.ts';
import { resolveOptions } from '../../core/options/resolve.ts';
import { before, named } from '../sync/pins/revisions.ts';
import {
  type History,
  PIN_FILE,
  type Pin,
  type Revision,
  readHistory,
  stateBase,
  stateKey,
  withRecords,
  withState,
  writePin,
} from '../sync/pins/state.ts';
import { ROLLBACK_ERRORS } from './errors.ts';
import { ROLLBACK_OPTIONS } from './options.ts';

const LOOK_AGAIN_MS = 100;
const USAGE = 'pillion git-sync rollback [HASH | --list | --release]';

/** What all the syncs tell of themselves. */
function histories(base: string): Promise<readonly History[]> {
  return withState(base, false, async (state) => {
    const found: History[] = [];
    if (state === undefined) {
      return found;
    }
    for (const { name } of await state.list()) {
      const history = await withDirectory(state, name, async (records) => records && readHistory(records));
      found.push(...(history === undefined ? [] : [history]));
    }
    return found;
  });
}

function chosen(all: readonly History[], link: string, base: string): History {
  const fitting = all.filter((each) => link === '' || each.link === link || each.link.endsWith(`/${link}`));
  const [first, ...others] = fitting;
  if (first === undefined) {
    throw ROLLBACK_ERRORS.no_revisions({ place: base });
  }
  if (others.length > 0) {
    throw ROLLBACK_ERRORS.which_sync({ links: fitting.map((each) => each.link).join(', ') });
  }
  return first;
}

function target({ revisions, published }: History, name: string | undefined): Revision {
  const [found, ...more] = name === undefined ? [before(revisions, published)] : named(revisions, name);
  if (found === undefined || more.length > 0) {
    const known = revisions.map(({ hash }) => hash.slice(0, 12)).join(', ') || 'kept (none)';
    throw ROLLBACK_ERRORS.no_such_revision({ name: name ?? 'earlier one', known });
  }
  return found;
}

function listOf({ revisions, published, pin }: History): string {
  return revisions
    .map(({ hash, publishedAt }) => {
      const marks = [hash === published ? 'published' : '', hash === pin ? 'pinned' : ''];
      return `${[hash, publishedAt, ...marks].filter((part) => part !== '').join('  ')}\n`;
    })
    .join('');
}

/** Waits until the sync tells that it follows the pin, or none. */
async function untilDone(
  base: string,
  { root, link }: History,
  hash: string | undefined,
  waitMs: number,
): Promise<boolean> {
  const until = systemClock.monotonic() + waitMs;
  const isDone = (now: History | undefined) =>
    now?.pin === (hash ?? null) && (hash === undefined || now.published === hash);
  for (;;) {
    if (isDone(await withRecords(base, stateKey(root, link), readHistory))) {
      return true;
    }
    if (systemClock.monotonic() >= until) {
      return false;
    }
    await systemClock.sleep(LOOK_AGAIN_MS, new AbortController().signal);
  }
}

export async function rollbackCommand(context: CommandContext): Promise<ExitStatus> {
  const { argv, env, secrets, stdout } = context;
  const { values, positionals } = resolveOptions(ROLLBACK_OPTIONS, {
    argv,
    env,
    secrets,
    syntax: parsePflags,
  });
  if (values.help) {
    const summary = 'Publishes an earlier revision, and keeps it until that is released.';
    stdout(renderHelp({ usage: USAGE, summary, options: ROLLBACK_OPTIONS }));
    return 0;
  }
  if (positionals.length > 1) {
    throw usageError('too many arguments', USAGE);
  }
  if ([positionals.length > 0, values.list, values.release].filter(Boolean).length > 1) {
    throw usageError('only one of HASH, --list and --release may be given', USAGE);
  }
  const base = stateBase(values.stateDir, env);
  const history = chosen(await histories(base), values.link, base);
  if (values.list) {
    stdout(listOf(history));
    return 0;
  }
  const revision = values.release ? undefined : target(history, positionals[0]);
  const pin: Pin | undefined = revision && {
    hash: revision.hash,
    since: new Date(systemClock.now()).toISOString(),
  };
  await withRecords(base, stateKey(history.root, history.link), async (records) => {
    await records.removeLeftovers(PIN_FILE);
    await writePin(records, pin);
  });
  const what = pin === undefined ? 'the release' : `the rollback to ${pin.hash}`;
  if (values.wait > 0 && !(await untilDone(base, history, pin?.hash, values.wait))) {
    throw ROLLBACK_ERRORS.rollback_waits({ what });
  }
  const done =
    pin === undefined ? 'the ref is followed again' : `${pin.hash} is published until it is released`;
  stdout(`${values.wait > 0 ? done : `${what} is recorded`}: ${history.link}\n`);
  return 0;
}
