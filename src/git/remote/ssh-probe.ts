/** Asks an SSH server for refs without git, where nothing is configured that only git understands. */
import { sshDestination, uploadPackCommand } from '../auth/ssh-destination.ts';
import type { Relay } from './http-relay.ts';
import type { RemoteProbeInit } from './probe.ts';
import { picked } from './ref-query.ts';
import { isRemoteAnswer, type RemoteState } from './remote-state.ts';
import type { SshSession } from './ssh-session.ts';

export interface SshProbe {
  /** Undefined when git has to ask. */
  ask(signal: AbortSignal): Promise<RemoteState | undefined>;
  /** Lets a fetch go on in the session in which the last question was answered; undefined when there is none, or no longer. */
  takeRelay(): Relay | undefined;
  /** Ends what the last question has left open. */
  rest(): Promise<void>;
}

/** What changes the address, the ssh, or the protocol that git would use. */
const GIT_ONLY_CONFIG = /^(url|remote|ssh|protocol|include|includeif|core\.(sshcommand|gitproxy))\b/i;
const GIT_ONLY_ENV =
  /^(git_ssh_command|git_ssh_variant|git_allow_protocol|git_protocol|git_config_count|git_config_parameters)$/i;

export interface SshProbeInit extends Omit<RemoteProbeInit, 'onReceived'> {
  /** Told of each piece that comes from the server. */
  readonly onReceived: (bytes: number) => void;
}

function wordsFor({ settings, env }: SshProbeInit): readonly string[] | undefined {
  const destination = sshDestination(settings.repo);
  const command = uploadPackCommand(settings.repo);
  const isSpecial =
    settings.ssh.plain === true ||
    settings.gitConfig.some(({ key }) => GIT_ONLY_CONFIG.test(key)) ||
    Object.entries(env).some(([name, value]) => GIT_ONLY_ENV.test(name) && (value ?? '') !== '');
  return isSpecial || destination === undefined || command === undefined
    ? undefined
    : [...destination, command];
}

/** Undefined where only git knows how to ask. */
export function createSshProbe(init: SshProbeInit): SshProbe | undefined {
  const words = wordsFor(init);
  if (words === undefined) {
    return undefined;
  }
  let session: SshSession | undefined;
  let relay: Relay | undefined;

  const rest = async () => {
    const last = session;
    session = undefined;
    relay = undefined;
    await last?.end();
  };

  return {
    async ask(signal) {
      await rest();
      const env = init.gitEnv();
      const ssh = env['GIT_SSH_COMMAND'];
      if (ssh === undefined) {
        return undefined;
      }
      const { openSshSession } = await import('./ssh-session.ts');
      const { query, agent, log, onReceived } = init;
      try {
        session = await openSshSession({ ssh, words, env, query, agent, log, onReceived, signal });
      } catch (error) {
        if (isRemoteAnswer(error)) {
          return { kind: 'refused', error };
        }
        signal.throwIfAborted();
        log.at(3, 'asking over ssh failed, so git asks', { reason: String(error) });
        return undefined;
      }
      relay = session.relay;
      const found = picked(query, session.refs);
      return found === undefined ? { kind: 'missing' } : { kind: 'ref', ...found };
    },
    takeRelay() {
      const taken = relay;
      relay = undefined;
      return taken;
    },
    rest,
  };
}
