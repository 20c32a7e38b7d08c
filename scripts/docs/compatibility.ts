/** docs/git-sync-compatibility.md: what is the same as in git-sync and what is better, each line with its test. */
import { readTitles, testFiles } from './test-titles.ts';

interface Chapter {
  readonly heading: string;
  readonly text: string;
  readonly verdict: 'same' | 'better';
  readonly directory: string;
  readonly matches?: (file: string) => boolean;
}

const CHAPTERS: readonly Chapter[] = [
  {
    heading: 'End-to-end behaviour (v4)',
    text: "The behaviours of git-sync's own end-to-end suite, by its names in parentheses, and what its users see of a sync.",
    verdict: 'same',
    directory: 'test/integration/git-sync/e2e',
  },
  {
    heading: 'The v3 dialect',
    text: 'Single-dash flags, `GIT_SYNC_*` variables, `rev-<hash>` on disk, glog lines.',
    verdict: 'same',
    directory: 'test/integration/git-sync/v3',
  },
  {
    heading: 'Command line and environment',
    text: 'Both grammars, precedence, messages and exit codes; no usage ever shows a value.',
    verdict: 'same',
    directory: 'src/git-sync/cli',
  },
  {
    heading: 'Nothing is lost',
    text: 'Situations in which git-sync wipes, wedges, leaks or hangs.',
    verdict: 'better',
    directory: 'test/integration/git-sync/safety',
  },
  {
    heading: 'Inside',
    text: 'The parts by themselves: lock, hooks, publication, cleanup.',
    verdict: 'better',
    directory: 'src/git-sync',
    matches: (file) => !file.startsWith('src/git-sync/cli/'),
  },
  {
    heading: 'How git is run',
    text: 'The probe of the remote, credentials, configuration and environment of git.',
    verdict: 'better',
    directory: 'src/git',
  },
];

const cell = (text: string) => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

function chapter({ heading, text, verdict, directory, matches }: Chapter): string[] {
  const rows = testFiles(directory)
    .filter((file) => matches?.(file) ?? true)
    .flatMap((file) => {
      const name = file.slice(directory.length + 1).replace(/\.test\.ts$/, '');
      return readTitles(file).map(({ group, title }) => {
        const sentence = group === '' ? title : `${group}: ${title}`;
        return `| ${cell(sentence)} | ${verdict} | [${name}](../${file}) |`;
      });
    });
  return [`## ${heading}`, '', text, '', '| behaviour | | test |', '|---|---|---|', ...rows, ''];
}

/** The page: a hand-written head, then a table per chapter from the names of the tests. */
export function compatibilityPage(head: string): string {
  const notice = '<!-- The tables below are generated from the names of the tests by `npm run docs`. -->';
  return `${[head.trimEnd(), '', notice, '', ...CHAPTERS.flatMap(chapter)].join('\n').trimEnd()}\n`;
}
