import { defineMetrics } from '../../core/metrics/definitions.ts';

/** Counted and measured by the handlers. */
export const INJECTOR_METRICS = defineMetrics({
  reviews: {
    type: 'counter',
    name: 'pillion_injector_reviews_total',
    help: 'Reviews answered: changed, unchanged, refused or warned, and the reason, which is the one of log and audit.',
    labels: ['webhook', 'result', 'reason'],
  },
  seconds: {
    type: 'histogram',
    name: 'pillion_injector_review_duration_seconds',
    help: 'From the end of the body to the answer.',
    labels: ['webhook'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  },
  rejected: {
    type: 'counter',
    name: 'pillion_injector_requests_rejected_total',
    help: 'Requests without a verdict: bad_request, too_large, busy, late or gone.',
    labels: ['reason'],
  },
});

/** Read when somebody asks. */
export const INJECTOR_GAUGES = defineMetrics({
  certificateExpiry: {
    type: 'gauge',
    name: 'pillion_injector_certificate_expiry_timestamp_seconds',
    help: 'When the certificate that is served ends.',
  },
  profiles: {
    type: 'gauge',
    name: 'pillion_injector_profiles',
    help: 'Profiles that can be asked for.',
  },
  badProfiles: {
    type: 'gauge',
    name: 'pillion_injector_bad_profiles',
    help: 'Findings in profiles at the last reading; the last good version of each is in use.',
  },
  pods: {
    type: 'gauge',
    name: 'pillion_injector_pods',
    help: 'Pods that asked and are bare, and pods with what an older profile or image put in (stale), at the last scan.',
    labels: ['state', 'namespace'],
  },
});
