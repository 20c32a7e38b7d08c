/** What a copy keeps of itself in its directory `.pillion`: believed only as far as it could do no harm. */
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { writeInPlace } from '../../../core/foreign-files/set-aside.ts';
import type { Log } from '../../../core/log/log.ts';
import { randomId } from '../../../core/random-id.ts';
import { INFO_DIR, INFO_FILE, toldHash } from '../publishing/commit-info.ts';
import type { BytePath } from './plan.ts';

/** Stands there while files are replaced, and after that was interrupted. */
const UPDATING = 'updating';
/** The paths that a git-sync has brought. */
const FILES = 'files';
/** Where new files are put ready, and where directories go to be removed: a name of its own each time, so that nobody is there. */
const STAGING = 'new-';
const ATTIC = 'old-';
/** What a volume has at its top and nobody has put there. */
export const OF_THE_VOLUME = 'lost+found';
/** A million paths. */
const MAX_FILES_BYTES = 128 * 1024 * 1024;

/** Next to a copy: one that does not stand there yet, and one that was moved away. */
export const freshName = (name: string) => `.${name.slice(0, LONGEST_STEM)}.pillion-copy`;
export const retiredName = (name: string) => `.${name.slice(0, LONGEST_STEM)}.pillion-old`;
const LONGEST_STEM = 200;

/** Whether a crash left one of them. */
export async function hasLeftovers(holder: ForeignDirectory, name: string): Promise<boolean> {
  const found = await Promise.all([freshName(name), retiredName(name)].map((each) => holder.stat(each)));
  return found.some((status) => status !== undefined);
}

/** Opens what a copy has of its own. */
async function withOwn<T>(
  directory: ForeignDirectory,
  use: (own: ForeignDirectory | undefined) => Promise<T>,
): Promise<T> {
  const own = await directory.open(INFO_DIR);
  try {
    return await use(own);
  } finally {
    await own?.close();
  }
}

/** Whether a directory was made by us, or holds nothing that could be lost. */
export async function isOurCopy(directory: ForeignDirectory): Promise<boolean> {
  const names = (await directory.list(2)).map(({ name }) => name);
  if (names.length === 0) {
    return true;
  }
  return withOwn(directory, async (own) => {
    const isNew = names.length === 1 && own !== undefined;
    return isNew || (await own?.stat(UPDATING)) !== undefined || (await toldHash(own)) !== undefined;
  });
}

/** The commit that a copy is of, unless it is being replaced. */
export function wholeCopyHash(directory: ForeignDirectory): Promise<string | undefined> {
  return withOwn(directory, async (own) =>
    (await own?.stat(UPDATING)) === undefined ? toldHash(own) : undefined,
  );
}

/** Whether a copy may be made in a directory: it is one already, or has nothing in it. */
export async function isFillable(directory: ForeignDirectory): Promise<boolean> {
  const names = (await directory.list(2)).map(({ name }) => name);
  return names.every((name) => name === OF_THE_VOLUME) || (await isOurCopy(directory));
}

async function makeOwn(own: ForeignDirectory, prefix: string): Promise<ForeignDirectory> {
  return (await own.makePrivate(`${prefix}${randomId()}`)).directory;
}

/** Two empty directories that nobody else can enter, for the time of `use`; what a crash left of such ones is removed. */
export async function withWorkplaces<T>(
  own: ForeignDirectory,
  use: (staging: ForeignDirectory, attic: ForeignDirectory) => Promise<T>,
): Promise<T> {
  const removeAll = async () => {
    for (const { name } of await own.list()) {
      if (name.startsWith(STAGING) || name.startsWith(ATTIC)) {
        await own.removeTree(name);
      }
    }
  };
  await removeAll();
  const opened: ForeignDirectory[] = [];
  try {
    const staging = await makeOwn(own, STAGING);
    opened.push(staging);
    const attic = await makeOwn(own, ATTIC);
    opened.push(attic);
    return await use(staging, attic);
  } finally {
    for (const directory of opened) {
      await directory.close();
    }
    await removeAll();
  }
}

/** What a copy notes of itself. */
export interface CopyNotes {
  begin(hash: string): Promise<void>;
  end(): Promise<void>;
  /** The paths that were brought; none that are told where that cannot be read. */
  brought(): Promise<ReadonlySet<BytePath>>;
  noteBrought(paths: ReadonlySet<BytePath>): Promise<void>;
}

/** @param mode of the files */
export function notesIn(own: ForeignDirectory, mode: number, log: Log): CopyNotes {
  const options = { mode, fsync: false };
  const write = (name: string, data: string | Buffer) =>
    writeInPlace(own, name, log, () => own.write(name, data, options));
  let noted: Buffer | undefined;
  return {
    async begin(hash) {
      for (const name of [UPDATING, FILES, INFO_FILE]) {
        await own.removeHalfWritten(name);
      }
      await write(UPDATING, `${hash}\n`);
    },
    end: async () => {
      await own.removeTree(UPDATING);
    },
    async brought() {
      const found = await own.read(FILES, { maxBytes: MAX_FILES_BYTES });
      noted = found.kind === 'file' ? found.bytes : undefined;
      const paths = noted?.toString('latin1').split('\0') ?? [];
      return new Set(paths.filter((path) => path !== ''));
    },
    async noteBrought(paths) {
      const text = Buffer.from([...paths].map((path) => `${path}\0`).join(''), 'latin1');
      if (noted?.equals(text) !== true) {
        await write(FILES, text);
        noted = text;
      }
    },
  };
}
