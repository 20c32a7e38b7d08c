/** The options of what follows a sync. */
import { bool, duration, int, string, strings } from '../../core/options/value-types.ts';
import { argumentList } from './argument-list.ts';
import { commandTexts } from './commands.ts';
import { opening, setting } from './setting.ts';
import { WEBHOOK_SECRETS, webhooks } from './webhook-json.ts';

const SECOND = 1000;

export const hookOptions = {
  exechookCommand: opening('exechook.command', {
    flag: 'exechook-command',
    type: string,
    default: '',
    env: ['GITSYNC_EXECHOOK_COMMAND', 'GIT_SYNC_EXECHOOK_COMMAND'],
    help: 'a program to run in each newly published tree (it may run twice for one)',
  }),
  exechookArgs: setting('exechookArgs', {
    flag: 'exechook-args',
    type: argumentList,
    default: [],
    env: ['GITSYNC_EXECHOOK_ARGS'],
    help: 'an argument for --exechook-command, or a JSON list of them; can be repeated',
  }),
  exechookShell: setting('exechookShell', {
    flag: 'exechook-shell',
    type: bool,
    default: false,
    env: ['GITSYNC_EXECHOOK_SHELL'],
    help: 'take --exechook-command for a line of the shell; --exechook-args are its $1, $2, ...',
  }),
  exechookTimeout: setting('exechook.timeoutMs', {
    flag: 'exechook-timeout',
    type: duration,
    default: 30 * SECOND,
    env: ['GITSYNC_EXECHOOK_TIMEOUT', 'GIT_SYNC_EXECHOOK_TIMEOUT'],
    help: 'the time that one run of the exechook may take, at least 1s',
  }),
  exechookBackoff: setting('exechook.backoffMs', {
    flag: 'exechook-backoff',
    type: duration,
    default: 3 * SECOND,
    env: ['GITSYNC_EXECHOOK_BACKOFF', 'GIT_SYNC_EXECHOOK_BACKOFF'],
    help: 'how long to wait before a failed exechook is run again, at least 1s',
  }),
  prePublishCommand: opening('prePublishHook.command', {
    flag: 'pre-publish-exechook-command',
    type: string,
    default: '',
    env: ['GITSYNC_PRE_PUBLISH_EXECHOOK_COMMAND'],
    help: 'a program to run in each new tree when it is about to be published',
  }),
  prePublishTimeout: setting('prePublishHook.timeoutMs', {
    flag: 'pre-publish-exechook-timeout',
    type: duration,
    default: 30 * SECOND,
    env: ['GITSYNC_PRE_PUBLISH_EXECHOOK_TIMEOUT'],
    help: 'the time that one run of the pre-publish exechook may take, at least 1s',
  }),
  prePublishBackoff: setting('prePublishHook.backoffMs', {
    flag: 'pre-publish-exechook-backoff',
    type: duration,
    default: 3 * SECOND,
    env: ['GITSYNC_PRE_PUBLISH_EXECHOOK_BACKOFF'],
    help: 'how long to wait before a failed pre-publish exechook is run again, at least 1s',
  }),
  prePublish: setting('prePublish', {
    flag: 'pre-publish',
    type: commandTexts,
    default: [],
    env: ['GITSYNC_PRE_PUBLISH'],
    help: 'a command that must succeed in each new tree before it is published: a program, or a JSON list with its arguments; can be repeated (a variable holds one)',
  }),
  prePublishShell: setting('prePublishShell', {
    flag: 'pre-publish-shell',
    type: bool,
    default: false,
    env: ['GITSYNC_PRE_PUBLISH_SHELL'],
    help: 'take each --pre-publish for a line of the shell',
  }),
  prePublishTimeLimit: setting('prePublishTimeoutMs', {
    flag: 'pre-publish-timeout',
    type: duration,
    default: 60 * SECOND,
    env: ['GITSYNC_PRE_PUBLISH_TIMEOUT'],
    help: 'the time that each --pre-publish may take, at least 1s; it counts towards --sync-timeout',
  }),
  hookOutput: setting('hookOutput', {
    flag: 'hook-output',
    type: bool,
    default: false,
    env: ['GITSYNC_HOOK_OUTPUT'],
    help: 'log what programs of hooks print, line by line as it comes: of each run the first 64 KiB',
  }),
  hookVariables: setting('hookVariables', {
    flag: 'hook-variables',
    type: strings,
    default: [],
    env: ['GITSYNC_HOOK_VARIABLES'],
    help: 'a variable that programs of hooks get although it holds a secret of git-sync, such as GITSYNC_PASSWORD; can be repeated',
  }),
  webhookUrl: opening('webhook.url', {
    flag: 'webhook-url',
    type: string,
    default: '',
    env: ['GITSYNC_WEBHOOK_URL', 'GIT_SYNC_WEBHOOK_URL'],
    secret: 'capability-url',
    help: 'a URL to call after each publication (it may be called twice for one)',
  }),
  webhookMethod: setting('webhook.method', {
    flag: 'webhook-method',
    type: string,
    default: 'POST',
    env: ['GITSYNC_WEBHOOK_METHOD', 'GIT_SYNC_WEBHOOK_METHOD'],
    help: 'the HTTP method of the webhook',
  }),
  webhookSuccessStatus: setting('webhook.successStatus', {
    flag: 'webhook-success-status',
    type: int,
    default: 200,
    env: ['GITSYNC_WEBHOOK_SUCCESS_STATUS', 'GIT_SYNC_WEBHOOK_SUCCESS_STATUS'],
    help: 'the HTTP status that means success; 0 accepts every answer',
  }),
  webhookTimeout: setting('webhook.timeoutMs', {
    flag: 'webhook-timeout',
    type: duration,
    default: SECOND,
    env: ['GITSYNC_WEBHOOK_TIMEOUT', 'GIT_SYNC_WEBHOOK_TIMEOUT'],
    help: 'the time that one webhook call may take, at least 1s',
  }),
  webhookBackoff: setting('webhook.backoffMs', {
    flag: 'webhook-backoff',
    type: duration,
    default: 3 * SECOND,
    env: ['GITSYNC_WEBHOOK_BACKOFF', 'GIT_SYNC_WEBHOOK_BACKOFF'],
    help: 'how long to wait before a failed webhook is called again, at least 1s',
  }),
  webhook: setting('webhooks', {
    flag: 'webhook',
    type: webhooks,
    default: [],
    env: ['GITSYNC_WEBHOOK'],
    secret: WEBHOOK_SECRETS,
    help: 'a receiver to tell of each publication, with a JSON body: an object like {"url":"https://..."}, or a list of them (see --man); can be repeated',
  }),
};
