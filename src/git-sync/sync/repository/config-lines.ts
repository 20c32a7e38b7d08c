/** Which lines of a git configuration inside the root are what git and git-sync write there themselves. */
import { trimEndOf } from '../../../core/trim-end.ts';

interface Place {
  readonly section: string;
  readonly subsection: string;
}

/** What a line is allowed to be: a key in a section, with a value that passes. */
export interface ConfigLine extends Place {
  readonly key: string;
  readonly value: string;
}

/** Keys that neither run a program nor lead git to another server, file or directory. */
const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  advice: ['detachedhead'],
  branch: ['remote', 'merge', 'rebase'],
  core: [
    'autocrlf',
    'bare',
    'compression',
    'eol',
    'filemode',
    'ignorecase',
    'logallrefupdates',
    'precomposeunicode',
    'protecthfs',
    'protectntfs',
    'repositoryformatversion',
    'sharedrepository',
    'sparsecheckout',
    'sparsecheckoutcone',
    'symlinks',
  ],
  extensions: [
    'compatobjectformat',
    'noop',
    'objectformat',
    'partialclone',
    'preciousobjects',
    'refstorage',
    'relativeworktrees',
    'worktreeconfig',
  ],
  gc: ['auto', 'autodetach', 'pruneexpire'],
  index: ['sparse', 'version'],
  init: ['defaultbranch'],
  lfs: ['repositoryformatversion'],
  remote: ['url', 'fetch', 'promisor', 'partialclonefilter', 'tagopt'],
  submodule: ['url', 'active', 'branch', 'ignore', 'shallow', 'recurse'],
  user: ['name', 'email'],
};

/** What `git lfs install --local` writes: the program is one that the user has put into the image. */
const LFS_FILTER: Readonly<Record<string, string>> = {
  clean: 'git-lfs clean -- %f',
  smudge: 'git-lfs smudge -- %f',
  process: 'git-lfs filter-process',
  required: 'true',
};
const UPDATE_MODES = new Set(['checkout', 'merge', 'none', 'rebase']);

function isHarmless({ section, subsection, key, value }: ConfigLine): boolean {
  if (section === 'filter') {
    return subsection === 'lfs' && LFS_FILTER[key] === value;
  }
  if (section === 'submodule' && key === 'update') {
    return UPDATE_MODES.has(value);
  }
  return HARMLESS[section]?.includes(key) === true;
}

const HEADER = /^\s*\[([A-Za-z0-9-]+)(?:\s+"((?:[^"\\]|\\["\\])*)")?\]\s*$/;
/** Of a line without blanks around it. */
const SETTING = /^([A-Za-z][A-Za-z0-9-]*)\s*(?:=(.*))?$/;
const NOTHING = /^\s*([#;].*)?$/;

const UNUSUAL = '(a line that is not of the usual form)';

interface Section {
  /** Undefined before the first header, and after one that cannot be read. */
  readonly place: Place | undefined;
  readonly lines: string[];
  settings: number;
  /** Whether something was taken out: with nothing left in it the section goes as a whole. */
  isTouched: boolean;
}

function settingOf(line: string, place: Place | undefined): ConfigLine | undefined {
  const found = SETTING.exec(line.trim());
  if (found === null || place === undefined || line.endsWith('\\') || line.includes('\0')) {
    return undefined;
  }
  const value = (found[2]?.trimStart() ?? 'true').replace(/^"(.*)"$/, '$1');
  return { ...place, key: (found[1] ?? '').toLowerCase(), value };
}

/**
 * Splits a configuration into what may stay and what may not. Only the plain form that git itself writes is understood:
 * whatever else there is, git could read as something else, and it goes.
 */
export function sortConfig(
  text: string,
  isAllowed: (line: ConfigLine) => boolean = () => false,
): { readonly kept: string; readonly foreign: readonly string[] } {
  const foreign: string[] = [];
  const sections: Section[] = [{ place: undefined, lines: [], settings: 0, isTouched: false }];
  for (const raw of text.split('\n')) {
    // All of them: one that stays would be half of a line break when this is read again.
    const line = trimEndOf(raw, '\r');
    const header = HEADER.exec(line);
    const current = sections.at(-1);
    if (header) {
      const place = { section: (header[1] ?? '').toLowerCase(), subsection: header[2] ?? '' };
      sections.push({ place, lines: [line], settings: 0, isTouched: false });
    } else if (current === undefined || NOTHING.test(line)) {
      current?.lines.push(line);
    } else {
      const setting = settingOf(line, current.place);
      if (setting && (isHarmless(setting) || isAllowed(setting))) {
        current.lines.push(line);
        current.settings += 1;
      } else {
        current.isTouched = true;
        foreign.push(setting ? `${setting.section}.${setting.key}` : UNUSUAL);
        // What follows a header that cannot be read belongs to it, until the next one.
        if (line.trimStart().startsWith('[')) {
          sections.push({ place: undefined, lines: [], settings: 0, isTouched: true });
        }
      }
    }
  }
  const left = sections.filter(({ settings, isTouched }) => settings > 0 || !isTouched);
  return { kept: left.flatMap(({ lines }) => lines).join('\n'), foreign };
}
