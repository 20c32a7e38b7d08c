/** `--man`: prose of our own around the options of the table. It is put into lines when it is asked for, not at each start. */
import { defaultText, wrapText } from '../../../core/options/help.ts';
import type { Option, Options } from '../../../core/options/option.ts';
import { lines } from '../result.ts';
import { listed } from './usage.ts';

const WIDTH = 80;

const paragraph = (text: string) => wrapText(text, 4, WIDTH);

const introduction = (): readonly string[] => [
  'GIT-SYNC',
  '',
  'NAME',
  paragraph('git-sync - keep a git repository checked out next to an application'),
  '',
  'SYNOPSIS',
  paragraph('git-sync --repo=<repo> --root=<path> [OPTIONS]...'),
  '',
  'DESCRIPTION',
  paragraph(
    'git-sync fetches a branch, a tag or a commit of a git repository, checks it out, and publishes the result as a symlink. It then looks for changes again and again, or exits after the first sync (--one-time). It is made to be a sidecar or an init container: the application reads through the link and always finds one complete revision.',
  ),
  '',
  'WHAT IS PROMISED',
  paragraph(
    'The link (--link) is replaced in one step, and what it points to is complete before that. The last part of its target is the hash of the commit. Everything else in --root belongs to git-sync and may change from release to release. What was published stays until its replacement stands, whatever fails: the network, the disk, a hook, or git-sync itself.',
  ),
  '',
];

const authentication = (): readonly string[] => [
  'AUTHENTICATION',
  paragraph(
    'A user name and password: --username with $GITSYNC_PASSWORD or --password-file. The file is read again for each sync. User info in an http(s) --repo is taken out of the address and used the same way; no log, and nothing that is started for a sync, shows it. A list of processes has the arguments of this command itself: a variable keeps what is secret out of it.',
  ),
  '',
  paragraph(
    'Several of them, for submodules on other servers: --credential, once or more, with an object or a list of objects in JSON. Each has "url", "username", and one of "password", "password-file", "command" and "identity" (the user may then be in the answer). The one with the longest URL that covers a repository counts:',
  ),
  '',
  '        {"url":"https://git.example.com","username":"me","password-file":"/etc/pw"}',
  '',
  paragraph(
    'SSH: --ssh-key-file, once or more. Host keys are verified with --ssh-known-hosts-file unless --ssh-known-hosts=false. A key that others may read, as a mounted Secret often is, is copied to a private file first.',
  ),
  '',
  paragraph(
    'A cookie file: --cookie-file. A service that hands out credentials: --askpass-url. A program that does: --credential-command; it is asked as git asks its credential helpers, and answers with their lines or with JSON (username, password or token, expiresAt or expiresIn). The cloud that it runs in: --credential-identity. A GitHub app: --github-app-client-id or --github-app-application-id, with --github-app-installation-id and a private key in $GITSYNC_GITHUB_APP_PRIVATE_KEY or --github-app-private-key-file.',
  ),
  '',
];

const hooks = (): readonly string[] => [
  'HOOKS',
  paragraph(
    '--exechook-command names one program; --exechook-args are its arguments, and with --exechook-shell it is a line for the shell. It runs in the new tree after publication, with the hash in $GITSYNC_HASH. --hook-output logs what it prints. --webhook-url is called with the hash in the header Gitsync-Hash and no body. --webhook, once or more, takes an object or a list of objects in JSON with "url" and, if wanted, "headers", "username" and "password-file" or "bearer-file", "secret-file" (signs the body), "signature-header", "method", "body" (json or none), "success-status", "timeout", "backoff" and "name"; the body says what has changed. A hook that fails is repeated after its backoff, with a newer hash if there is one. Hooks also run for what was found published at the start, so they may see a hash twice. With --one-time each hook runs once, and its failure is an exit code of 1.',
  ),
  '',
  'A CHECK BEFORE PUBLICATION',
  paragraph(
    'With --pre-publish nothing is published that a command refuses: it runs in the complete new tree, with $GITSYNC_HASH, $GITSYNC_HASH_PREVIOUS and $GITSYNC_CHANGED_PATHS_FILE, and must end with 0 within --pre-publish-timeout. It is one program, or a JSON list of a program and its arguments; with --pre-publish-shell a line for the shell. Several run one after the other. A commit that was refused is tried again after a while, another one at once.',
  ),
  '',
  'ONLY WHAT IS SIGNED',
  paragraph(
    'With --verify nothing is checked out, let alone published, that is not signed by a key of --verify-gpg-keyring or --verify-ssh-allowed-signers: the commit (head), the tag that --ref names (tag), or each commit that is new since the last publication (all-new). What is published stays. No other keyring or configuration counts, and the files are read again for each new commit.',
  ),
  '',
  'REQUESTS TO SYNC',
  paragraph(
    'With --trigger-bind a POST starts a sync: a webhook of GitHub, GitLab, Gitea, Forgejo, Bitbucket or Azure DevOps, or anybody with "Authorization: Bearer" and a secret of --trigger-secret-file. A push counts if it is to the followed ref of --repo. The answer says what will happen; with ?wait=1 it waits for the end of the sync. With --period=0 only requests start syncs, after the first.',
  ),
  '',
  'GIT CONFIGURATION',
  paragraph(
    '--git-config and --git-config-add take pairs of key and value: a colon between the two, a comma between pairs. Keys and values may stand in double quotes; a key with a colon in it must. In quoted keys and in all values these can be escaped with a backslash: n (line break), t (tab), double quote, comma, backslash.',
  ),
  '',
  'THE ENVIRONMENT',
  paragraph(
    'A flag wins over its variable. An empty variable is a value, not an absent one. Old names of a variable still work, and win over the new one. Flags and variables of git-sync v3 that v4 takes win over their successors; $PILLION_GIT_SYNC_DIALECT=v3, or any flag with a single dash, makes the whole command line one of v3.',
  ),
  '',
  'EXIT CODES',
  paragraph(
    '0 after a sync with --one-time. 1 when a sync failed more often than --max-failures allows, a hook failed with --one-time, or the configuration is wrong. 2 for a command line, or a file of --config, that cannot be read. A signal that stops it is what it ends by: 143 after SIGTERM, 130 after SIGINT.',
  ),
];

function head(declared: Option<unknown>): string {
  const value = declared.type.boolean ? '' : ` <${declared.type.name}>`;
  const short = declared.short === undefined ? '' : `-${declared.short}, `;
  const variable = declared.env?.[0];
  if (declared.envOnly) {
    return `    $${variable ?? ''}`;
  }
  return `    ${short}--${declared.flag}${value}${variable === undefined ? '' : `, $${variable}`}`;
}

function entry(declared: Option<unknown>): string[] {
  const sentence = declared.help.charAt(0).toUpperCase() + declared.help.slice(1);
  const fallback = declared.defaultText === undefined ? defaultText(declared) : undefined;
  const isZero = fallback === '0' || fallback === '0s';
  const rest = fallback === undefined || isZero ? '' : ` The default is ${fallback}.`;
  const older = declared.env?.slice(1) ?? [];
  const names = older.length === 0 ? '' : ` Also: ${older.map((name) => `$${name}`).join(', ')}.`;
  return [head(declared), wrapText(`${sentence}.${rest}${names}`, 12, WIDTH), ''];
}

/** The whole manual, without tabs, for 80 columns. */
export function manual(options: Options): string {
  return lines(
    ...introduction(),
    'OPTIONS',
    '',
    ...listed(options).flatMap(entry),
    ...authentication(),
    ...hooks(),
  );
}
