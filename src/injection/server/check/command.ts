/** `pillion injector check`: whether the injector of a cluster works, and what to do where it does not. */
import type { CommandContext, ExitStatus } from '../../../core/command.ts';
import { usageError } from '../../../core/errors.ts';
import { resolveOptions } from '../../../core/options/resolve.ts';
import { timeoutSignal } from '../../../core/timer.ts';
import { apiServerOfPod, createApiClient } from '../../../kubernetes/client.ts';
import { exitCodeOf, type Finding, renderFinding } from './finding.ts';
import { findingsOf } from './gather.ts';
import { CHECK_OPTIONS } from './options.ts';

/** For a cluster with very many pods. */
const LONGEST_MS = 300_000;

/** Exit code 1 when something has failed. */
export async function checkCommand(context: CommandContext): Promise<ExitStatus> {
  const { values, positionals } = resolveOptions(CHECK_OPTIONS, context);
  if (values.help) {
    const { checkHelp } = await import('../help.ts');
    context.stdout(checkHelp());
    return 0;
  }
  if (positionals[0] !== undefined) {
    const what = `unexpected argument ${JSON.stringify(positionals[0])}`;
    throw usageError(what, 'see pillion injector check --help');
  }
  const isInPod = values.apiServer === '';
  const client = createApiClient(isInPod ? apiServerOfPod(context.env) : { url: values.apiServer });
  const { namespace, service } = values;
  const findings: Finding[] = [];
  try {
    const all = findingsOf({
      ...values,
      client,
      address: values.address || (isInPod ? `${service}.${namespace}.svc:443` : ''),
      cwd: context.cwd,
      isInjector: isInPod,
      signal: timeoutSignal(LONGEST_MS),
    });
    for await (const finding of all) {
      findings.push(finding);
      if (values.output === 'text') {
        context.stdout(`${context.secrets.redact(renderFinding(finding))}\n`);
      }
    }
  } finally {
    client.close();
  }
  if (values.output === 'json') {
    context.stdout(`${context.secrets.redact(JSON.stringify(findings, undefined, 2))}\n`);
  }
  return exitCodeOf(findings);
}
