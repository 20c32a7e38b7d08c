/** Files that survive a crash: every change is either whole or not there. */
export { type AtomicWriteOptions, writeFileAtomic } from './files/atomic-write.ts';
export { FILE_ERRORS, fileError } from './files/file-error.ts';
export { fsyncDirectory } from './files/fsync.ts';
export { removeTemporaryFiles, temporaryName } from './files/leftovers.ts';
export { makeDirectory } from './files/make-directory.ts';
export { readBytesIfExists, readText, readTextIfExists } from './files/read.ts';
export { removeTree } from './files/remove-tree.ts';
export { switchSymlink } from './files/symlink.ts';
