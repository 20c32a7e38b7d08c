import { defineMetrics } from '../core/metrics/definitions.ts';

/** git-sync's own names, which dashboards use, and what they lack: when it last worked, and what is published. */
export const METRICS = defineMetrics({
  syncCount: {
    type: 'counter',
    name: 'git_sync_count_total',
    help: 'How many git syncs completed, partitioned by state (success, error, noop)',
    labels: ['status'],
  },
  syncDuration: {
    type: 'summary',
    name: 'git_sync_duration_seconds',
    help: 'Summary of git sync durations',
    labels: ['status'],
  },
  fetchCount: {
    type: 'counter',
    name: 'git_fetch_count_total',
    help: "How many times an update was required (the name is git-sync's)",
  },
  askpassCalls: {
    type: 'counter',
    name: 'git_sync_askpass_calls',
    help: 'How many calls to the askpass URL completed, partitioned by state (success, error)',
    labels: ['status'],
  },
  appTokenRefreshes: {
    type: 'counter',
    name: 'git_sync_refresh_github_app_token_count',
    help: 'How many GitHub app tokens were fetched, partitioned by state (success, error)',
    labels: ['status'],
  },
  credentialRequests: {
    type: 'counter',
    name: 'git_sync_credential_requests_total',
    help: 'How often a program, a cloud or another source of credentials was asked, by source and state (success, error)',
    labels: ['source', 'status'],
  },
  hookRuns: {
    type: 'counter',
    name: 'git_sync_hook_run_count_total',
    help: 'How many hook runs completed, partitioned by name and state (success, error)',
    labels: ['name', 'status'],
  },
  lastSuccess: {
    type: 'gauge',
    name: 'git_sync_last_success_timestamp_seconds',
    help: 'When the last pass ended well, changed or not; 0 before the first',
  },
  failuresInARow: {
    type: 'gauge',
    name: 'git_sync_consecutive_failures',
    help: 'Failed passes since the last that ended well',
  },
  failures: {
    type: 'counter',
    name: 'git_sync_failures_total',
    help: 'Failed passes by reason, which is an error code of the reference, or other',
    labels: ['reason'],
  },
  polls: {
    type: 'counter',
    name: 'git_sync_polls_total',
    help: 'Questions to the remote whether the ref has moved, by kind: http and ssh (in this process), git (git ls-remote), waiting (not asked, since the server has asked for a pause)',
    labels: ['kind'],
  },
  receivedBytes: {
    type: 'counter',
    name: 'git_sync_received_bytes_total',
    help: 'Bytes that this process has received over HTTP (bodies of status 200, as they came over the connection) and SSH, without what TLS and ssh add, for: poll (questions whether the ref has moved), fetch (what has changed since); what the git program receives by itself is not in it: the first fetch, submodules, large files, partial clones, other kinds of addresses',
    labels: ['for'],
  },
  keptTrees: {
    type: 'gauge',
    name: 'git_sync_unremovable_trees',
    help: 'Stale trees that hold files of another user, which cannot be removed; tried again at each sync',
  },
  published: {
    type: 'gauge',
    name: 'git_sync_published_info',
    help: 'The published commit, as a label; the value is always 1',
    labels: ['hash'],
  },
  rolledBack: {
    type: 'gauge',
    name: 'git_sync_rolled_back',
    help: '1 while a rollback is in force and the ref is not followed',
  },
});

/** Read at each scrape. */
export const SYNC_GAUGES = defineMetrics({
  lastChange: {
    type: 'gauge',
    name: 'git_sync_last_change_timestamp_seconds',
    help: 'When a commit was last published that was not before, or was confirmed at the first sync',
  },
  age: {
    type: 'gauge',
    name: 'git_sync_age_seconds',
    help: 'How long no sync has succeeded, since the start of the process before the first; 0 where the commit is named',
  },
});

/** With --config, where all others have the label `repository` as well. */
export const CONFIG_METRICS = defineMetrics({
  reloads: {
    type: 'counter',
    name: 'git_sync_config_reloads_total',
    help: 'Changes of the file of --config that were noticed, by result: success, unchanged, failure',
    labels: ['result'],
  },
  reloadFailed: {
    type: 'gauge',
    name: 'git_sync_config_reload_failed',
    help: '1 while the file of --config cannot be used and the configuration before it stays in use',
  },
});

/** With --config, read at each scrape. */
export const CONFIG_GAUGES = defineMetrics({
  repositories: {
    type: 'gauge',
    name: 'git_sync_repositories',
    help: 'Repositories of --config',
  },
  ready: {
    type: 'gauge',
    name: 'git_sync_ready',
    help: '1 for a repository that is ready, as /readyz/NAME says',
    labels: ['repository'],
  },
  waiting: {
    type: 'gauge',
    name: 'git_sync_waiting_syncs',
    help: 'Syncs that are due and wait for others: more than --max-concurrent-syncs',
  },
});

/** With --trigger-bind. */
export const TRIGGER_METRICS = defineMetrics({
  requests: {
    type: 'counter',
    name: 'git_sync_trigger_requests_total',
    help: 'Requests to --trigger-bind, by who sent them (github, gitlab, gitea, bitbucket, azure-devops, request; unknown without a proof) and what came of them (accepted, coalesced, ping, ignored, replayed, malformed, unauthorized, incomplete)',
    labels: ['source', 'outcome'],
  },
});
