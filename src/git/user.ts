/** Users without a passwd entry, as Kubernetes and OpenShift assign them: ssh and git need a name and a home. */
import { constants } from 'node:fs';
import { access, appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { errorMessage } from '../core/errors.ts';
import type { Log } from '../core/log/log.ts';

/** Whether the user this process runs as is known by name. */
function isUserKnown(): boolean {
  try {
    userInfo();
    return true;
  } catch {
    return false;
  }
}

function entry(home: string): string {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  return `git-sync:x:${uid}:${gid}::${home}:/sbin/nologin\n`;
}

/** `--add-user`: appends the entry to /etc/passwd where that can be written. Returns whether the user is known now. */
export async function addUser(home: string, log: Log): Promise<boolean> {
  if (isUserKnown()) {
    return true;
  }
  try {
    await appendFile('/etc/passwd', entry(home));
    return true;
  } catch (error) {
    log.at(0, 'cannot add the user to /etc/passwd; trying the name service wrapper instead', {
      reason: errorMessage(error),
    });
    return false;
  }
}

const LIBRARY = 'libnss_wrapper.so';

async function findWrapper(): Promise<string | undefined> {
  const bases = ['/usr/lib', '/lib'];
  const folders = await Promise.all(bases.map((base) => readdir(base).catch(() => [])));
  const candidates = bases.flatMap((base, index) => [
    ...(folders[index] ?? [])
      .filter((name) => name.endsWith('-linux-gnu'))
      .map((name) => join(base, name, LIBRARY)),
    join(base, LIBRARY),
  ]);
  for (const candidate of candidates) {
    if (
      await access(candidate, constants.R_OK).then(
        () => true,
        () => false,
      )
    ) {
      return candidate;
    }
  }
  return undefined;
}

/**
 * Variables that make an unknown user known to git and ssh without touching /etc/passwd: the name service wrapper
 * (Debian's libnss-wrapper) reads a private copy with one more line. Empty when the user is known or there is none.
 */
export async function userEnvironment(
  runtimePath: string,
  home: string,
  log: Log,
): Promise<Record<string, string>> {
  if (isUserKnown()) {
    return {};
  }
  const library = await findWrapper();
  if (library === undefined) {
    log.at(0, 'this user has no passwd entry and there is no libnss_wrapper.so: ssh may refuse to run', {
      uid: process.getuid?.() ?? 0,
    });
    return {};
  }
  const passwd = join(runtimePath, 'passwd');
  const group = join(runtimePath, 'group');
  await writeFile(passwd, (await readFile('/etc/passwd', 'utf8').catch(() => '')) + entry(home), {
    mode: 0o644,
  });
  await writeFile(group, await readFile('/etc/group', 'utf8').catch(() => ''), { mode: 0o644 });
  return { LD_PRELOAD: library, NSS_WRAPPER_PASSWD: passwd, NSS_WRAPPER_GROUP: group };
}
