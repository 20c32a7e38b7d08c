import type { CrontabRules } from '../jobs/cron-job.ts';
import { DIALECTS } from '../jobs/dialects.ts';

/** The rules of `pillion cron` in a pod that is always the same. */
export const TEST_RULES: CrontabRules = { ...DIALECTS.pillion, ownNames: ['app', '1000'], podName: 'pod-0' };
