import { defineMetrics } from '../core/metrics/definitions.ts';

/** Read from the keepers when somebody asks. */
export const CREDENTIALS_GAUGES = defineMetrics({
  expiry: {
    type: 'gauge',
    name: 'pillion_credentials_expiry_timestamp_seconds',
    help: 'When the credential in use ends, by the earlier of its own end and that of the session behind it.',
    labels: ['credential'],
  },
  lastSuccess: {
    type: 'gauge',
    name: 'pillion_credentials_last_success_timestamp_seconds',
    help: 'When the source last gave a credential.',
    labels: ['credential'],
  },
  level: {
    type: 'gauge',
    name: 'pillion_credentials_level',
    help: '0 no credential yet, 1 ok, 2 failing, 3 failing with less than a third of the life left, 4 expired.',
    labels: ['credential'],
  },
  tokenBytes: {
    type: 'gauge',
    name: 'pillion_credentials_token_bytes',
    help: 'Length of the password or token in use.',
    labels: ['credential'],
  },
  reloadPending: {
    type: 'gauge',
    name: 'pillion_credentials_reload_pending',
    help: '1 while something that uses the credential has not been told of it.',
    labels: ['credential'],
  },
});

export const CREDENTIALS_METRICS = defineMetrics({
  refreshes: {
    type: 'counter',
    name: 'pillion_credentials_refresh_total',
    help: 'Questions to the source; the reason of a failure is its error code.',
    labels: ['credential', 'result', 'reason'],
  },
  refreshSeconds: {
    type: 'summary',
    name: 'pillion_credentials_refresh_duration_seconds',
    help: 'How long the source took.',
    labels: ['credential'],
  },
  writes: {
    type: 'counter',
    name: 'pillion_credentials_writes_total',
    help: 'Files replaced.',
    labels: ['credential'],
  },
  reloads: {
    type: 'counter',
    name: 'pillion_credentials_reload_total',
    help: 'Reloads by their result: success, failure or absent.',
    labels: ['credential', 'target', 'result'],
  },
  deliveryFailures: {
    type: 'counter',
    name: 'pillion_credentials_delivery_failures_total',
    help: 'Deliveries (test login, files, reloads) that failed; the reason is the error code.',
    labels: ['credential', 'reason'],
  },
  clockSkew: {
    type: 'gauge',
    name: 'pillion_credentials_clock_skew_seconds',
    help: "This machine's clock minus the source's, where the source tells its time.",
    labels: ['credential'],
  },
});
