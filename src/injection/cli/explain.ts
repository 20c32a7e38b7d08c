/** `pillion inject explain`: for each workload which rule decided, what will be put where, or why not. */
import type { CommandContext, ExitStatus } from '../../core/command.ts';
import type { Values } from '../../core/options/option.ts';
import { printable } from '../../core/printable.ts';
import { version } from '../../core/version.ts';
import type { Decision } from '../engine/decision.ts';
import { type Explained, rewrite } from '../offline/rewrite.ts';
import type { EXPLAIN_OPTIONS } from '../options.ts';
import { written } from './inject.ts';
import { placeOf, readManifests, settingsOf } from './input.ts';

/** Exit code 1 when a workload would be refused. */
export async function explainManifests(
  context: CommandContext,
  values: Values<typeof EXPLAIN_OPTIONS>,
): Promise<ExitStatus> {
  const settings = await settingsOf(context.cwd, values);
  let refused = false;
  for (const { name, text } of await readManifests(context.cwd, values.filename)) {
    const { explained, findings } = rewrite(text, { settings, version, mode: 'inject', explain: true });
    explained.forEach((each) => context.stdout(`${explanation(name, each)}\n`));
    refused ||= findings.some(({ level }) => level === 'error');
    const unread = findings.filter(({ message }) => message.startsWith('not readable'));
    unread.forEach((finding) => context.stderr(`${written({ ...finding, file: name })}\n`));
    if (explained.length === 0) {
      context.stdout(`${printable(placeOf(name))}: no workloads\n`);
    }
  }
  return refused ? 1 : 0;
}

function explanation(file: string, { workload, line, decision }: Explained): string {
  const head = `${placeOf(file)}:${line}: ${workload.kind} ${workload.name}: ${outcome(decision)}`;
  const details = [
    ...decision.instances.map(({ instance, profile, hash, containers, volumes }) => {
      const parts = [
        containers.length > 0 ? `containers ${containers.join(', ')}` : '',
        volumes.length > 0 ? `volumes ${volumes.join(', ')}` : '',
      ];
      return `  ${instance}: profile ${profile} (${hash})${parts.map((part) => (part === '' ? '' : `, ${part}`)).join('')}`;
    }),
    ...decision.patch.map(({ op, path }) => `  ${op} ${path}`),
    ...decision.warnings.map((warning) => `  warning: ${warning}`),
  ];
  return [head, ...details].map((text) => printable(text)).join('\n');
}

function outcome({ outcome: what, reason, message }: Decision): string {
  return `${what} (${reason}): ${message}`;
}
