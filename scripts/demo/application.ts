import { spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { waitFor } from '../../test/support/wait-for.ts';

const MAIN = fileURLToPath(new URL('../../examples/templater-service/main.ts', import.meta.url));
const GRACE_MS = 8000;

export interface Application {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts examples/templater-service as a process of its own, as the container next to the sidecar would be. */
export async function startApplication(templateRoot: string, signal: AbortSignal): Promise<Application> {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env['PATH'],
      TEMPLATE_ROOT: templateRoot,
      TEMPLATE_VAR_place: 'the demo',
      HOST: '127.0.0.1',
      PORT: '0',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // In a group of its own: Ctrl-C is for the demo, which then ends the others in order.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  const stop = async () => {
    if (!ended()) {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await Promise.race([exit, delay(GRACE_MS, undefined, { ref: false })]);
      child.kill('SIGKILL');
      await exit;
    }
  };
  try {
    const port = await waitFor(() => (ended() ? 'none' : /"port":(\d+)/.exec(output)?.[1]), {
      what: 'the templater service to listen',
      signal,
    });
    if (port === 'none') {
      throw new Error(`the templater service ended at once: ${output}`);
    }
    return { url: `http://127.0.0.1:${port}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
