/** The same for the flags that git-sync does not have. */
import type { Row } from './row.ts';

export const ownRows: readonly Row[] = [
  {
    flag: 'pre-publish',
    value: '["npm","ci"]',
    expected: { prePublish: ['["npm","ci"]'] },
    fallback: { prePublish: [] },
    env: ['GITSYNC_PRE_PUBLISH'],
  },
  {
    flag: 'pre-publish-shell',
    value: 'true',
    expected: { prePublishShell: true },
    fallback: { prePublishShell: false },
    env: ['GITSYNC_PRE_PUBLISH_SHELL'],
  },
  {
    flag: 'pre-publish-timeout',
    value: '5m',
    expected: { prePublishTimeoutMs: 300_000 },
    fallback: { prePublishTimeoutMs: 60_000 },
    env: ['GITSYNC_PRE_PUBLISH_TIMEOUT'],
  },
  {
    flag: 'jitter',
    value: '0.25',
    expected: { jitter: 0.25 },
    fallback: { jitter: 0 },
    env: ['GITSYNC_JITTER'],
  },
  {
    flag: 'max-backoff',
    value: '5m',
    expected: { maxBackoffMs: 300_000 },
    fallback: { maxBackoffMs: 0 },
    env: ['GITSYNC_MAX_BACKOFF'],
  },
  {
    flag: 'max-age',
    value: '5m',
    expected: { maxAgeMs: 300_000 },
    fallback: { maxAgeMs: 0 },
    env: ['GITSYNC_MAX_AGE'],
  },
  {
    flag: 'trigger-bind',
    value: ':9377',
    expected: { trigger: { bind: ':9377', secretFile: '/s' } },
    fallback: {},
    env: ['GITSYNC_TRIGGER_BIND'],
    also: ['--trigger-secret-file=/s'],
  },
  {
    flag: 'trigger-secret-file',
    value: '/s',
    expected: { trigger: { bind: ':9377', secretFile: '/s' } },
    fallback: {},
    env: ['GITSYNC_TRIGGER_SECRET_FILE'],
    also: ['--trigger-bind=:9377'],
  },
];
