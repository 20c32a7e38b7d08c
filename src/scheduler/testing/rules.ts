import { DIALECTS } from '../grammar/dialects.ts';
import type { TableRules } from '../grammar/job-spec.ts';

/** The rules of `pillion cron` in a pod that is always the same. */
export const TEST_RULES: TableRules = { ...DIALECTS.pillion, ownNames: ['app', '1000'], podName: 'pod-0' };
