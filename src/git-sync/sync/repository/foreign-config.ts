/**
 * The configuration in the root is for those who read there: our own git never does. But a hook's git does, and so does
 * whoever looks into a tree, so what git-sync never writes is taken out of it and kept, should somebody miss it.
 */
import type { ForeignDirectory } from '../../../core/foreign-files/directory.ts';
import { makeRoomForFile } from '../../../core/foreign-files/set-aside.ts';
import type { Log } from '../../../core/log/log.ts';
import { sortConfig } from './config-lines.ts';

const ASIDE = '.set-aside';
const MAX_BYTES = 1024 * 1024;
const NOT_A_FILE = { kept: '', foreign: ['(it is no file)'] };

/** Takes settings that are not git-sync's out of the configuration of a git directory. For the holder of the root's lock. */
export async function setForeignConfigAside(gitDirectory: ForeignDirectory, log: Log): Promise<void> {
  for (const name of ['config', 'config.worktree']) {
    const content = await gitDirectory.read(name, { maxBytes: MAX_BYTES });
    if (content.kind === 'missing') {
      continue;
    }
    const text = content.kind === 'file' ? content.bytes.toString('utf8') : undefined;
    const { kept, foreign } = text === undefined ? NOT_A_FILE : sortConfig(text);
    if (foreign.length > 0) {
      log.warn("settings in the root's git configuration are not git-sync's: they are set aside", {
        file: `.git/${name}`,
        settings: [...new Set(foreign)],
        instead: 'what git is to be configured with goes into --git-config',
      });
      const mode = (await gitDirectory.stat(name))?.mode ?? 0o644;
      if (!(await makeRoomForFile(gitDirectory, name, log))) {
        await makeRoomForFile(gitDirectory, `${name}${ASIDE}`, log);
        await gitDirectory.rename(name, gitDirectory, `${name}${ASIDE}`);
      }
      await gitDirectory.write(name, kept, { mode: mode & 0o666, fsync: false });
    }
  }
}
