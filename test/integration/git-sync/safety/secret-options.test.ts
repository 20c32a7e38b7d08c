import { expect, it } from 'vitest';
import { runPillion } from '../../../support/pillion.ts';
import { expectNoLeaks, makePlainCanary } from '../../../support/secret-canary.ts';
import { useTempDir } from '../../../support/use-temp-dir.ts';

const temp = useTempDir();
const NOWHERE = '127.0.0.1:1';
const REPO = `http://${NOWHERE}/x`;
const V4 = [`--repo=${REPO}`, '--one-time', '-v=9'];
const V3 = [`-repo=${REPO}`, '-one-time', '-v=9'];

type Row = readonly [
  what: string,
  give: (secret: string) => { args: string[]; env?: Readonly<Record<string, string>> },
];

const credential = (password: string) => JSON.stringify({ url: REPO, username: 'u', password });

const ROWS: readonly Row[] = [
  ['the old --password', (s) => ({ args: [...V4, '--username=u', `--password=${s}`] })],
  ['the hidden test flag', (s) => ({ args: [...V4, '--username=u', `--__env__GITSYNC_PASSWORD=${s}`] })],
  ['a misspelt flag', (s) => ({ args: [...V4, `--pasword=${s}`] })],
  ['$GITSYNC_CREDENTIAL', (s) => ({ args: V4, env: { GITSYNC_CREDENTIAL: `[${credential(s)}]` } })],
  ['a --credential that is cut', (s) => ({ args: [...V4, `--credential=${credential(s).slice(0, -1)}`] })],
  [
    'a --credential with too much in it',
    (s) => ({ args: [...V4, '--credential', credential(s).replace('{', '{"foo":1,')] }),
  ],
  ['$GITSYNC_GIT_CONFIG', (s) => ({ args: V4, env: { GITSYNC_GIT_CONFIG: `http.extraHeader:X ${s}` } })],
  ['--git-config-add', (s) => ({ args: [...V4, `--git-config-add=http.extraHeader:X ${s}`] })],
  ['a --git-config that is cut', (s) => ({ args: [...V4, `--git-config=http.extraHeader:"X ${s}`] })],
  [
    'a proxy',
    (s) => ({
      args: V4,
      env: { http_proxy: `http://u:${s}@${NOWHERE}`, HTTP_PROXY: `http://u:${s}@${NOWHERE}` },
    }),
  ],
  [
    'a repository together with a bad flag',
    (s) => ({ args: [`--repo=http://u:${s}@${NOWHERE}/x`, '--ref='] }),
  ],
  [
    "a key that is none, and GitHub's address",
    (s) => ({
      args: [
        ...V4,
        '--github-app-client-id=x',
        '--github-app-installation-id=7',
        `--github-base-url=http://u:${s}@${NOWHERE}`,
      ],
      env: { GITSYNC_GITHUB_APP_PRIVATE_KEY: s },
    }),
  ],
  ['-password of v3', (s) => ({ args: [...V3, '-username=u', `-password=${s}`] })],
  ['a misspelt flag of v3', (s) => ({ args: [...V3, `-pasword=${s}`] })],
  ['the repository of v3', (s) => ({ args: [`-repo=http://u:${s}@${NOWHERE}/x`, '-one-time', '-v=9'] })],
  ['-git-config of v3', (s) => ({ args: [...V3, `-git-config=http.extraHeader:X ${s}`] })],
  [
    'the webhook and the askpass source of v3',
    (s) => ({
      args: [
        ...V3,
        `-webhook-url=http://u:${s}@${NOWHERE}/?t=${s}`,
        `-askpass-url=http://u:${s}@${NOWHERE}/?t=${s}`,
      ],
    }),
  ],
];

it.each(ROWS)(
  'a secret in %s is not printed, neither when it is refused nor when the sync fails',
  async (_, give) => {
    const secret = makePlainCanary('secret');
    const { args, env } = give(secret.value);
    const root = args.includes('-one-time') || args[0]?.startsWith('-repo') ? '-root' : '--root';
    const result = await runPillion(['git-sync', ...args, `${root}=${temp.join('root')}`], {
      env: env ?? {},
    });
    expect([1, 2]).toContain(result.code);
    expect(result.stderr).not.toBe('');
    expectNoLeaks([secret], { stdout: result.stdout, stderr: result.stderr });
    expect(result.leftInTmpDir).toEqual([]);
  },
);
