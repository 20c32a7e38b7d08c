import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A way in which a file comes to be where it is, and is changed. */
export interface Layout {
  /** Makes it; returns the path that the scheduler is given. */
  create(directory: string, text: string): Promise<string>;
  change(directory: string, text: string): Promise<void>;
}

/** A file alone in a directory, which is changed as a whole. */
const inDirectory = (change: (directory: string, text: string) => Promise<void>): Layout => ({
  async create(directory, text) {
    await mkdir(path.join(directory, 'jobs'));
    await writeFile(path.join(directory, 'jobs', 'crontab'), text);
    return path.join(directory, 'jobs', 'crontab');
  },
  change: (directory, text) => change(path.join(directory, 'jobs'), text),
});

const plain = (change: (file: string, text: string) => Promise<void>): Layout => ({
  async create(directory, text) {
    await writeFile(path.join(directory, 'crontab'), text);
    return path.join(directory, 'crontab');
  },
  change: (directory, text) => change(path.join(directory, 'crontab'), text),
});

/** A directory of versions below a link that is switched by rename: `link` leads to it, `file` is seen through it. */
function switched(link: string, names: { readonly version: string; readonly file: string }): Layout {
  let count = 0;
  async function publish(directory: string, text: string): Promise<void> {
    count += 1;
    const version = `${names.version}${count}`;
    await mkdir(path.join(directory, version), { recursive: true });
    await writeFile(path.join(directory, version, 'crontab'), text);
    await symlink(version, path.join(directory, 'new-link'));
    await rename(path.join(directory, 'new-link'), path.join(directory, link));
  }
  return {
    async create(directory, text) {
      await publish(directory, text);
      if (names.file === 'crontab') {
        // As kubelet does it: each file is a link through ..data.
        await symlink(path.join(link, 'crontab'), path.join(directory, 'crontab'));
      }
      return path.join(directory, names.file);
    },
    change: publish,
  };
}

export const LAYOUTS: Readonly<Record<string, () => Layout>> = {
  'is written in place': () => plain((file, text) => writeFile(file, text)),
  'is renamed over': () =>
    plain(async (file, text) => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    }),
  'is deleted and made again': () =>
    plain(async (file, text) => {
      await rm(file);
      await writeFile(file, text);
    }),
  'lies in a directory that is deleted and made again': () =>
    inDirectory(async (directory, text) => {
      await rm(directory, { recursive: true });
      await mkdir(directory);
      await writeFile(path.join(directory, 'crontab'), text);
    }),
  'lies in a directory that another takes the place of': () =>
    inDirectory(async (directory, text) => {
      await mkdir(`${directory}.new`);
      await writeFile(path.join(`${directory}.new`, 'crontab'), text);
      await rm(`${directory}.old`, { recursive: true, force: true });
      await rename(directory, `${directory}.old`);
      await rename(`${directory}.new`, directory);
    }),
  'is a ConfigMap whose ..data is swapped': () => switched('..data', { version: '..v', file: 'crontab' }),
  'lies in a directory whose link is switched': () =>
    switched('current', { version: 'v', file: path.join('current', 'crontab') }),
};
