/**
 * A hostile neighbour: until it is killed it writes junk, links, FIFOs and sockets all over a root that it shares, plants
 * git configuration, swaps directories for links that lead outside, and takes away what lies there. It leaves alone the
 * published link and the files that the reader compares: damage that it could do to any reader by itself proves nothing.
 *
 *     neighbour.ts ROOT OUTSIDE SEED
 */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { pseudoRandom } from '../integration/git-sync/safety/support.ts';
import { FILES } from '../integration/git-sync/safety/tree.ts';

const [root = '', outside = '', seed = '1'] = process.argv.slice(2);
const random = pseudoRandom(Number(seed));
const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];

/** Directories and files of the tree that the reader looks at. */
const COMPARED = new Set(FILES.map((name) => name.split('/')[0] ?? name));

/** Where it may do as it likes. */
function isFairGame(relative: string): boolean {
  const [first = '', tree = '', below = ''] = relative.split('/');
  if (relative === '' || first === 'link') {
    return false;
  }
  if (first !== '.worktrees' || tree === '') {
    return first !== '.worktrees';
  }
  const published = path.basename(readLink());
  if (below === '') {
    return tree !== published;
  }
  return !COMPARED.has(below) && !below.startsWith('only-in-');
}

function readLink(): string {
  try {
    return fs.readlinkSync(path.join(root, 'link'));
  } catch {
    return '';
  }
}

/** Entries below the root, at most `limit`, never through a link. */
function entries(limit: number): string[] {
  const found: string[] = [];
  const queue = [''];
  while (queue.length > 0 && found.length < limit) {
    const [directory = ''] = queue.splice(Math.floor(random() * queue.length), 1);
    for (const entry of fs.readdirSync(path.join(root, directory), { withFileTypes: true })) {
      const relative = path.join(directory, entry.name);
      found.push(relative);
      if (entry.isDirectory()) {
        queue.push(relative);
      }
    }
  }
  return found;
}

const EVIL_CONFIG = `[core]\n\tfsmonitor = "touch ${outside}/pwned"\n\tsshCommand = "touch ${outside}/pwned"\n\tpager = "touch ${outside}/pwned"\n\thooksPath = ${outside}/hooks\n[filter "evil"]\n\tsmudge = touch ${outside}/pwned; cat\n\tclean = touch ${outside}/pwned; cat\n[credential]\n\thelper = "!touch ${outside}/pwned"\n[remote "origin"]\n\turl = ext::touch% ${outside}/pwned\n`;

const junk = () =>
  Buffer.from(Array.from({ length: 64 + Math.floor(random() * 4096) }, () => Math.floor(random() * 256)));
const JUNK_NAMES = [
  'config',
  'HEAD',
  'index',
  'commondir',
  'gitdir',
  'shallow',
  'packed-refs',
  '.git',
  '.gitmodules',
  '.gitattributes',
  'alternates',
  'attributes',
  'tmp_pack_x',
  'x.lock',
  'junk',
];

/** Each does one bad thing at a path below the root. What fails, fails. */
const DEEDS: readonly ((at: string) => void)[] = [
  (at) => fs.writeFileSync(at, junk()),
  (at) => fs.writeFileSync(at, EVIL_CONFIG),
  (at) => fs.truncateSync(at, 0),
  (at) => fs.chmodSync(at, 0o000),
  (at) => fs.rmSync(at, { recursive: true, force: true }),
  (at) => fs.renameSync(at, path.join(root, `junk-moved-${Math.floor(random() * 20)}`)),
  (at) => replace(at, () => fs.symlinkSync(outside, at)),
  (at) => replace(at, () => fs.symlinkSync(path.join(outside, 'yarn.lock'), at)),
  (at) => replace(at, () => fs.symlinkSync(path.join(outside, 'repository'), at)),
  (at) => replace(at, () => fs.symlinkSync(at, at)),
  (at) => replace(at, () => spawnSync('mkfifo', [at])),
  (at) => replace(at, () => fs.mkdirSync(path.join(at, 'deep/er'), { recursive: true })),
  (at) => replace(at, () => listen(at)),
  (at) => fs.writeFileSync(path.join(at, pick(JUNK_NAMES) ?? 'junk'), random() < 0.5 ? junk() : EVIL_CONFIG),
  (at) => fs.symlinkSync(outside, path.join(at, pick(JUNK_NAMES) ?? 'junk')),
  (at) => void spawnSync('mkfifo', [path.join(at, pick(JUNK_NAMES) ?? 'junk')]),
];

/** Those that treat a link as a link. */
const DEEDS_ON_LINKS = new Set(DEEDS.slice(4, 13));

function replace(at: string, make: () => unknown): void {
  fs.rmSync(at, { recursive: true, force: true });
  make();
}

function listen(at: string): void {
  const server = net.createServer(() => {});
  server.on('error', () => {});
  server.listen(at);
  setTimeout(() => server.close(), 1000);
}

/** Connects to a lock's socket and stays. */
function visitLock(all: readonly string[]): void {
  const socket = all.find((name) => name.includes('pillion-lock') && name.endsWith('.sock'));
  if (socket !== undefined) {
    const client = net.connect(path.join(root, socket));
    client.on('error', () => {});
    setTimeout(() => client.destroy(), 3000);
  }
}

function misbehave(all: readonly string[]): void {
  const target = pick(all);
  const deed = pick(DEEDS);
  if (target !== undefined && deed !== undefined && isFairGame(target)) {
    try {
      const at = path.join(root, target);
      // Its own links must not lead it outside: what is found there would be its doing.
      const isLink = fs.lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
      const holder = fs.realpathSync(path.dirname(at));
      if ((holder === root || holder.startsWith(`${root}/`)) && (!isLink || DEEDS_ON_LINKS.has(deed))) {
        deed(at);
      }
    } catch {
      // Also a failed attempt may disturb.
    }
  }
}

/** What it piled up must not fill the disk: that is another test. */
function tidy(): void {
  for (const name of fs.readdirSync(root).filter((each) => /^junk|\.set-aside|\.git\.broken/.test(each))) {
    fs.rmSync(path.join(root, name), { recursive: true, force: true });
  }
}

process.stdout.write('ready\n');
for (let round = 0; ; round += 1) {
  try {
    const all = entries(2000);
    visitLock(all);
    for (let index = 0; index < 5; index += 1) {
      misbehave(all);
      await delay(10 + random() * 100);
    }
    if (round % 200 === 0) {
      tidy();
    }
  } catch {
    await delay(10);
  }
  // There are times of quiet, in which a sync must come to its end.
  if (round % 10 === 9) {
    await delay(3000);
  }
}
