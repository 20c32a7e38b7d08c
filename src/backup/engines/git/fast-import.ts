/** The language of `git fast-import`: the one way to make a commit of bytes, whatever attributes and ignores say. Pure. */
import type { BytePath } from '../../manifest/entry.ts';

const escape = (character: string) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;

/** A path as it is written there; quoted always. */
export const quotePath = (path: BytePath): string => `"${path.replaceAll(/[^ !#-[\]-~]/g, escape)}"`;

const latin1 = (text: string) => Buffer.from(text, 'latin1');

export const dataHeader = (size: number): Buffer => latin1(`data ${size}\n`);
export const data = (bytes: Buffer): Buffer => Buffer.concat([dataHeader(bytes.length), bytes, latin1('\n')]);

export interface CommitHeader {
  readonly ref: string;
  readonly time: number;
  readonly message: string;
  readonly parent: string | undefined;
  /** Nothing of the parent's tree stays. */
  readonly isWhole: boolean;
}

export function commitHeader({ ref, time, message, parent, isWhole }: CommitHeader): Buffer {
  const committer = `committer Pillion <pillion@localhost> ${Math.floor(time / 1000)} +0000\n`;
  return Buffer.concat([
    latin1(`feature done\ncommit ${ref}\n${committer}`),
    data(Buffer.from(message)),
    latin1(parent === undefined ? '' : `from ${parent}\n`),
    latin1(isWhole && parent !== undefined ? 'deleteall\n' : ''),
  ]);
}

export type TreeMode = '100644' | '100755' | '120000';

/** Puts an object that the repository has at a path. */
export const place = (mode: TreeMode, object: string, path: BytePath): Buffer =>
  latin1(`M ${mode} ${object} ${quotePath(path)}\n`);

/** The content follows as `data`. */
export const placeInline = (mode: TreeMode, path: BytePath): Buffer =>
  latin1(`M ${mode} inline ${quotePath(path)}\n`);

export const remove = (path: BytePath): Buffer => latin1(`D ${quotePath(path)}\n`);

export const END = latin1('done\n');
