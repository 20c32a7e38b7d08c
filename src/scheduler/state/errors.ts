import { defineErrors } from '../../core/errors.ts';

export const STATE_ERRORS = defineErrors({
  bad_state: {
    message: ({ path }: { path: string }) => `${path} is damaged`,
    about: 'the state file is damaged; the scheduler starts without it',
  },
});
