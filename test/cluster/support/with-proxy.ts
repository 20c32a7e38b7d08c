import type { ProgramResult } from '../../support/run-program.ts';
import { tryInside } from './kubectl.ts';

/** In the cluster's own network; nothing else listens there. */
const PORT = 8001;
export const PROXY = `http://127.0.0.1:${PORT}`;

/** Runs a program on the node while `kubectl proxy` gives it an administrator's rights at `PROXY`. */
export function withProxy(program: readonly string[]): Promise<ProgramResult> {
  const script = `
    kubectl proxy --port=${PORT} >/dev/null 2>&1 & proxy=$!
    trap 'kill $proxy' EXIT
    for try in $(seq 100); do curl --silent --fail ${PROXY}/version >/dev/null && break; sleep 0.1; done
    "$@"`;
  return tryInside(['bash', '-c', script, 'with-proxy', ...program]);
}
