/** A tree with everything that backups have been seen to lose. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';

const isRoot = process.getuid?.() === 0;

/** A name of any bytes below a directory. */
export const byteJoin = (directory: string, name: string): Buffer =>
  Buffer.concat([Buffer.from(`${directory}/`), Buffer.from(name, 'latin1')]);

const ODD_NAMES = [
  'with blank',
  'new\nline',
  'tab\there',
  'quote"\'',
  'back\\slash',
  '-rf',
  '#comment',
  '*?[x]',
  '%2Egit',
  '%',
  '~',
  ' ',
  '\xff\xfe not UTF-8',
  '\xc3\xa4 UTF-8',
  'a'.repeat(255),
  'colon:name',
  'C:',
  'trailing ',
  'trailing.',
  'aux',
  '...',
  '\x01\x7f\x1b[0m',
];

/** Git's own files as data: their content must not change what is stored. */
function makeGitsOwn(root: string): void {
  writeFileSync(
    join(root, '.gitattributes'),
    '* text=auto eol=lf filter=evil ident working-tree-encoding=UTF-16\n',
  );
  writeFileSync(join(root, '.gitignore'), '*.log\nsecret/\n');
  writeFileSync(join(root, '.gitmodules'), '[submodule "x"]\n\tpath = x\n\turl = -u./payload\n');
  writeFileSync(join(root, 'app.log'), 'ignored by .gitignore\n');
  mkdirSync(join(root, 'secret'));
  writeFileSync(join(root, 'secret/value'), 'kept\n');
  writeFileSync(join(root, 'crlf.txt'), 'one\r\ntwo\r\n$Id$\r\n');
  for (const name of ['nested', 'Nested-upper']) {
    const git = join(root, name, name === 'nested' ? '.git' : '.GIT');
    mkdirSync(join(git, 'refs/heads'), { recursive: true });
    mkdirSync(join(git, 'objects'), { recursive: true });
    writeFileSync(join(git, 'HEAD'), 'ref: refs/heads/main\n');
    writeFileSync(join(git, 'config'), '[core]\n\tfsmonitor = touch /tmp/evil\n');
    writeFileSync(join(root, name, 'file'), 'content of a nested repository\n');
  }
  mkdirSync(join(root, 'gitlink'));
  writeFileSync(join(root, 'gitlink/.git'), 'gitdir: ../nested/.git\n');
  mkdirSync(join(root, 'git~1'));
  writeFileSync(join(root, 'git~1/file'), 'x');
}

function makeLinks(root: string): void {
  symlinkSync('crlf.txt', join(root, 'link'));
  symlinkSync('/etc/passwd', join(root, 'link-out'));
  symlinkSync('../../../..', join(root, 'link-up'));
  symlinkSync('link-loop', join(root, 'link-loop'));
  symlinkSync('nowhere', join(root, 'link-dangling'));
  symlinkSync(Buffer.from('\xff\xfe', 'latin1'), join(root, 'link-bytes'));
  symlinkSync('t'.repeat(4000), join(root, 'link-long'));
  writeFileSync(join(root, 'hard-1'), 'one file, three names\n');
  linkSync(join(root, 'hard-1'), join(root, 'a-hard-2'));
  mkdirSync(join(root, 'deep/er/and'), { recursive: true });
  linkSync(join(root, 'hard-1'), join(root, 'deep/er/hard-3'));
  lutimesSync(join(root, 'link'), 1_000_000_000, 1_000_000_000);
}

function makeModes(root: string): void {
  for (const mode of [0o000, 0o400, 0o600, 0o640, 0o755, 0o777, 0o4755, 0o2755]) {
    const path = join(root, `mode-${mode.toString(8)}`);
    writeFileSync(path, mode.toString(8));
    chmodSync(path, isRoot || (mode & 0o400) !== 0 ? mode : mode | 0o400);
  }
  mkdirSync(join(root, 'empty'));
  mkdirSync(join(root, 'sticky'));
  chmodSync(join(root, 'sticky'), 0o1777);
  mkdirSync(join(root, 'read-only'));
  writeFileSync(join(root, 'read-only/file'), 'x');
  writeFileSync(join(root, 'executable'), '#!/bin/sh\n');
  chmodSync(join(root, 'executable'), 0o755);
  if (isRoot) {
    chownSync(join(root, 'executable'), 1234, 5678);
    lchownSync(join(root, 'link'), 1234, 5678);
    chownSync(join(root, 'empty'), 4_000_000_000, 1);
  }
}

/** Also makes what no snapshot keeps: a FIFO. */
export function makeOddTree(root: string): void {
  mkdirSync(root, { recursive: true });
  makeGitsOwn(root);
  makeLinks(root);
  makeModes(root);
  for (const name of ODD_NAMES) {
    writeFileSync(byteJoin(root, name), `named ${JSON.stringify(name)}\n`);
  }
  mkdirSync(byteJoin(root, 'directory \xff\n'));
  writeFileSync(byteJoin(root, 'directory \xff\n/\xfe'), 'in a directory that is not UTF-8\n');
  writeFileSync(join(root, 'zero-bytes'), '');
  writeFileSync(join(root, 'NULs'), Buffer.alloc(70_000));
  writeFileSync(join(root, 'large'), Buffer.alloc(3_000_000, 'all the same again '));
  writeFileSync(join(root, 'sparse'), 'start');
  truncateSync(join(root, 'sparse'), 20_000_000);
  writeFileSync(join(root, 'old'), 'of 1970\n');
  utimesSync(join(root, 'old'), 1.5, 1.5);
  writeFileSync(join(root, 'before'), 'of 1960\n');
  mkdirSync(join(root, 'directory-before'));
  symlinkSync('before', join(root, 'link-before'));
  // Not by Node, which takes a negative number for now.
  for (const name of ['before', 'directory-before', 'link-before']) {
    spawnSync('touch', ['-h', '-d', '1960-06-29T10:40:00.25Z', join(root, name)]);
  }
  spawnSync('mkfifo', [join(root, 'fifo')]);
  spawnSync('touch', ['-d', '2020-02-02T02:02:02.123456789Z', join(root, 'crlf.txt')]);
  utimesSync(join(root, 'empty'), 1_500_000_000, 1_500_000_000);
  utimesSync(join(root, 'deep/er'), 1_400_000_000, 1_400_000_000);
  chmodSync(join(root, 'read-only'), 0o555);
  chmodSync(root, 0o2771);
  if (isRoot) {
    chownSync(root, 77, 88);
    chmodSync(root, 0o2771);
  }
  utimesSync(root, 1_300_000_000, 1_300_000_000);
}
