/** `pillion git-sync rollback`: pins what is published to an earlier revision, or releases it. */
import { systemClock } from '../../core/clock.ts';
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import { usageError } from '../../core/errors.ts';
import { withDirectory } from '../../core/foreign-files/below.ts';
import { renderHelp } from '../../core/options/help.ts';
import { parsePflags } from '../../core/options/pflag-syntax.ts';
import { resolveOptions } from '../../core/options/resolve.ts';
import { printable } from '../../core/printable.ts';
import { before, named } from '../sync/pins/revisions.ts';
import {
  type History,
  PIN_FILE,
  type PinRecord,
  type Revision,
  readHistory,
  readPinRecord,
  stateKey,
  withRecords,
  withState,
  writePin,
} from '../sync/pins/state.ts';
import { stateBase } from '../sync/pins/state-place.ts';
import { ROLLBACK_ERRORS } from './errors.ts';
import { ROLLBACK_OPTIONS } from './options.ts';

const POLL_MS = 100;
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

/** How far a git-sync has got with what was recorded. */
type Progress = 'recorded' | 'seen' | 'done';

const NOT_YET = {
  recorded: 'no git-sync has taken note yet',
  seen: 'no sync has succeeded since',
} as const;

/** What there is, and what was asked for last: and whether a sync has done that. */
export function listOf({ revisions, published, seen, done }: History, record: PinRecord | undefined): string {
  const isSeen = record === undefined || record.since === seen;
  const pinned = record?.hash;
  const pinMark = isSeen && pinned === published ? 'pinned' : 'pinned, not yet published';
  const lines = revisions.map(({ hash, publishedAt }) => {
    const marks = [hash === published ? 'published' : '', hash === pinned ? pinMark : ''];
    return [hash, publishedAt, ...marks].filter((part) => part !== '').join('  ');
  });
  const isListed = pinned === undefined || pinned === null || revisions.some(({ hash }) => hash === pinned);
  const others = isListed ? [] : [`${pinned}  ${pinMark}`];
  const isDone = isSeen && done === seen;
  const waits = isDone || pinned !== null ? [] : [`released: ${NOT_YET[isSeen ? 'seen' : 'recorded']}`];
  return [...lines, ...others, ...waits].map((line) => `${line}\n`).join('');
}

/** Waits until the sync tells that it has done what was recorded. */
async function untilDone(
  base: string,
  { root, link }: History,
  { since }: PinRecord,
  waitMs: number,
): Promise<Progress> {
  const until = systemClock.monotonic() + waitMs;
  for (;;) {
    const now = await withRecords(base, stateKey(root, link), readHistory);
    if (now?.done === since) {
      return 'done';
    }
    if (systemClock.monotonic() >= until) {
      return now?.seen === since ? 'seen' : 'recorded';
    }
    await systemClock.sleep(POLL_MS, new AbortController().signal);
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
  const key = stateKey(history.root, history.link);
  if (values.list) {
    const record = await withRecords(base, key, readPinRecord).catch((error: unknown) => {
      stdout(listOf(history, undefined));
      throw error;
    });
    stdout(listOf(history, record));
    return 0;
  }
  const pin: PinRecord = {
    hash: values.release ? null : target(history, positionals[0]).hash,
    since: new Date(systemClock.now()).toISOString(),
  };
  await withRecords(base, key, async (records) => {
    await records.removeHalfWritten(PIN_FILE);
    await writePin(records, pin);
  });
  const what = pin.hash === null ? 'the release' : `the rollback to ${pin.hash}`;
  const progress = values.wait > 0 ? await untilDone(base, history, pin, values.wait) : 'done';
  if (progress !== 'done') {
    throw ROLLBACK_ERRORS.rollback_waits({ what, isSeen: progress === 'seen' });
  }
  const done =
    pin.hash === null ? 'the ref is followed again' : `${pin.hash} is published until it is released`;
  stdout(`${values.wait > 0 ? done : `${what} is recorded`}: ${printable(history.link)}\n`);
  return 0;
}
