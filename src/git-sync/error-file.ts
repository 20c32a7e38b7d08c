/** `--error-file`: the last error, for those who watch the volume; removed after the next success. */
import { errorMessage } from '../core/errors.ts';
import { FILE_ERRORS } from '../core/files/file-error.ts';
import type { ForeignDirectory } from '../core/foreign-files/directory.ts';
import type { ErrorRecord } from '../core/log/log.ts';
import { withinDeadline } from '../core/process/deadline.ts';
import { timeoutSignal } from '../core/timer.ts';
import { namesTree } from './sync/publishing/layout.ts';
import { withPlace } from './sync/publishing/place.ts';

/** So long the end of the process waits for a volume that does not answer, milliseconds. */
const LAST_WRITE_MS = 1000;

export interface ErrorFile {
  write(record: ErrorRecord): void;
  /** A plain message, for errors of the configuration. */
  writeText(text: string): void;
  remove(): void;
  /** Resolves when the file is as was said last, or after a second. */
  settled(): Promise<void>;
}

export interface ErrorFileInit {
  /** Absolute. Below it others may write. */
  readonly root: string;
  /** Absolute; empty for none. */
  readonly path: string;
  /** Called with why the file cannot be as it should; once, as long as it is for the same reason. */
  readonly onFailure: (why: string) => void;
}

/** What the file is to be. */
type Wanted = { readonly text: string | undefined };

/** How a complaint about the configuration begins, with git-sync as with Pillion. */
const COMPLAINT = /^(ERROR|[a-z]{1,20} flag): /;
const MAX_BYTES = 1024 * 1024;

/** Whether a git-sync may have written it: an error as JSON, a complaint in plain words, or nothing at all. */
function isErrorText(text: string): boolean {
  if (text === '' || COMPLAINT.test(text)) {
    return true;
  }
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'Msg' in value && 'Err' in value;
  } catch {
    return false;
  }
}

/**
 * Why what stands there must stay: a path can be mistyped, or lead by a symbolic link to what is published. Any other link,
 * or a FIFO, was put there by a neighbour.
 * @param known what this process has written there
 */
async function foreignAt(
  directory: ForeignDirectory,
  name: string,
  known: string | undefined,
): Promise<string | undefined> {
  const found = await directory.stat(name);
  if (found?.isSymbolicLink() === true) {
    const target = await directory.readlink(name);
    return target !== undefined && namesTree(target) ? 'it is a link that git-sync has published' : undefined;
  }
  if (found?.isFile() !== true) {
    return undefined;
  }
  const text = await directory.readText(name, { maxBytes: MAX_BYTES });
  const isOurs = text !== undefined && (text === known || isErrorText(text));
  return isOurs ? undefined : 'it has something else in it than an error of git-sync';
}

async function put(
  { root, path }: ErrorFileInit,
  { text }: Wanted,
  known: string | undefined,
): Promise<void> {
  await withPlace(root, path, async (directory, name) => {
    const why = await foreignAt(directory, name, known);
    if (why !== undefined) {
      const failed = text === undefined ? FILE_ERRORS.remove_failed : FILE_ERRORS.write_failed;
      throw failed({ path, why, systemCode: undefined });
    }
    if (text !== undefined) {
      await directory.write(name, text, { mode: 0o644, fsync: false });
    } else if ((await directory.stat(name))?.isDirectory()) {
      const facts = { path, systemCode: 'EISDIR' };
      throw FILE_ERRORS.remove_failed({ ...facts, why: 'it is a directory' }, { facts });
    } else {
      await directory.remove(name);
    }
  });
}

/**
 * JSON with the keys Msg, Err and Args, as git-sync writes it; replaced as a whole, mode 0644. Writing goes on by itself,
 * one after the other: a volume that hangs must not hold up the process, and of what is wanted meanwhile only the last
 * counts. Who ends the process waits for `settled`.
 */
export function createErrorFile(init: ErrorFileInit): ErrorFile {
  if (init.path === '') {
    return { write() {}, writeText() {}, remove() {}, settled: () => Promise.resolve() };
  }
  let wanted: Wanted | undefined;
  let working: Promise<void> | undefined;
  let told: string | undefined;
  let known: string | undefined;
  const tell = (why: string | undefined) => {
    if (why !== undefined && why !== told) {
      init.onFailure(why);
    }
    told = why;
  };
  const work = async () => {
    for (let next = wanted; next !== undefined; next = wanted) {
      wanted = undefined;
      tell(await put(init, next, known).then(() => undefined, errorMessage));
      known = next.text;
    }
    working = undefined;
  };
  const want = (text: string | undefined) => {
    wanted = { text };
    working ??= work();
  };
  return {
    writeText: want,
    write(record) {
      want(JSON.stringify({ Msg: record.message, Err: record.error ?? '', Args: record.fields }));
    },
    remove: () => want(undefined),
    async settled() {
      await withinDeadline(async () => working, timeoutSignal(LAST_WRITE_MS), 0);
    },
  };
}
