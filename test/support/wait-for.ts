export { type WaitOptions, waitFor } from '../../src/core/testing/wait-for.ts';
