import { join } from 'node:path';
import { runProgram } from '../../support/run-program.ts';
import { clusterFolder } from './environment.ts';

/** Two files of tests may change it at the same time. */
const CHANGE = `flock "$1.lock" sh -c 'awk -v name="$3" "\\$2 != name" "$1" >"$1.new"; echo "$2 $3" >>"$1.new"; mv "$1.new" "$1"' sh "$@"`;

/**
 * Makes a name of the outside world mean this address for all pods, within a second: a manifest that says `github.com`
 * can stay as it is.
 */
export async function resolveName(name: string, address: string): Promise<void> {
  await runProgram('sh', ['-c', CHANGE, 'sh', join(clusterFolder(), 'hosts'), address, name]);
}
