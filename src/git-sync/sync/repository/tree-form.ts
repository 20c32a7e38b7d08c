/** What the options make of a commit's files: one tree serves several git-syncs on a root only if they ask for the same. */
import { join } from 'node:path';
import { readForeignFile } from '../../../core/foreign-files/read-file.ts';
import { sha256 } from '../../../core/sha256.ts';
import { recordName } from '../../../git/tree-places.ts';
import type { SyncSpec } from '../spec.ts';

/** In a tree's record. It is only compared: whoever can write there could name any. */
export const FORM_FILE = 'info/pillion-form';
const MAX_BYTES = 64 * 1024;
/** Patterns in a record that a git-sync without forms has left. */
const MAX_PATTERNS = 16 * 1024 * 1024;

export interface TreeForm {
  /** What readers see at once: which files, and what is put next to them. */
  readonly outline: string;
  /** All that a tree depends on besides its commit. */
  readonly text: string;
  readonly patterns: string | undefined;
}

/** @param patterns the sparse patterns that apply */
export function formOf(spec: SyncSpec, patterns: string | undefined): TreeForm {
  const outline = JSON.stringify({
    sparse: patterns === undefined ? '' : sha256(patterns),
    archive: spec.publishArchive,
    // The file belongs to a copy where there is one.
    info: spec.publishCommitInfo && spec.publish !== 'copy' ? `in ${spec.publishSubdirectory}` : '',
  });
  const rest = JSON.stringify({
    submodules: spec.submodules,
    lfs: spec.lfs,
    modes: spec.changePermissions,
  });
  return { outline, text: `${outline}\n${rest}\n`, patterns };
}

async function readRecord(
  root: string,
  path: string,
  name: string,
  maxBytes: number,
): Promise<string | undefined> {
  const file = join(root, '.git/worktrees', recordName(path), name);
  const content = await readForeignFile(file, maxBytes).catch(() => undefined);
  return content?.kind === 'file' ? content.bytes.toString('utf8') : undefined;
}

/**
 * Whether a tree was made for the same readers. Of one that another git-sync has made no more is known than its sparse
 * patterns.
 */
export async function hasOutline(root: string, path: string, form: TreeForm): Promise<boolean> {
  const noted = await readRecord(root, path, FORM_FILE, MAX_BYTES);
  return noted === undefined
    ? (await readRecord(root, path, 'info/sparse-checkout', MAX_PATTERNS)) === form.patterns
    : noted.split('\n')[0] === form.outline;
}

/** Whether it was made as it would be made today. */
export async function hasForm(root: string, path: string, form: TreeForm): Promise<boolean> {
  const noted = await readRecord(root, path, FORM_FILE, MAX_BYTES);
  return noted === undefined || noted === form.text;
}
