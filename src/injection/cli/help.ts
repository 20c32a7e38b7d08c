import { renderHelp } from '../../core/options/help.ts';
import { EXPLAIN_OPTIONS, INJECT_OPTIONS, POLICY_OPTIONS, PROFILES_OPTIONS } from '../options.ts';

const AFTER = `A pod template asks with the annotation pillion.dev/inject, e.g. "git-sync", "git-sync, cron" or
"templates=git-sync, pages=git-sync"; parameters are pillion.dev/<instance>.<parameter>.

Examples:
  pillion inject -f deploy/ | kubectl apply -f -
  pillion inject -f deployment.yaml --diff
  pillion inject explain -f deployment.yaml
  pillion inject policy | kubectl apply -f -
  pillion inject profiles git-sync`;

export const injectHelp = (): string =>
  renderHelp({
    usage: 'pillion inject [-f FILE|FOLDER|-]... [flags]\n  pillion inject explain|policy|profiles [flags]',
    summary: 'Puts what the workloads of manifests ask for into them, or takes it out again.',
    options: INJECT_OPTIONS,
    after: AFTER,
  });

export const explainHelp = (): string =>
  renderHelp({
    usage: 'pillion inject explain [-f FILE|FOLDER|-]... [flags]',
    summary: 'Says for each workload what will be put where, or why not.',
    options: EXPLAIN_OPTIONS,
  });

export const policyHelp = (): string =>
  renderHelp({
    usage: 'pillion inject policy [flags] | kubectl apply -f -',
    summary:
      'Prints admission policies with which the API server injects by itself: no server, no certificate.',
    options: POLICY_OPTIONS,
  });

export const profilesHelp = (): string =>
  renderHelp({
    usage: 'pillion inject profiles [NAME]... [flags]',
    summary: 'Lists the profiles with their parameters, types and defaults.',
    options: PROFILES_OPTIONS,
  });
