/** What is started: a line for a shell, or a program with its arguments. */
export type Command =
  | { readonly kind: 'shell'; readonly shell: string; readonly line: string; readonly stdin?: string }
  | { readonly kind: 'program'; readonly argv: readonly string[] };

/** The command as text: for fingerprints, never for metrics or logs, since arguments may hold secrets. */
export function commandText(command: Command): string {
  return command.kind === 'shell' ? command.line : command.argv.join(' ');
}
