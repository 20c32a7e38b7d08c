/** Connections that serve one call after another. */
import { Agent } from 'node:http';
import type { Duplex } from 'node:stream';
import { openConnection } from './connect.ts';
import type { TargetedOptions } from './exchange.ts';
import type { SessionMemory } from './tls.ts';

/** An agent that opens connections as a single call does, and keeps at most one of them for each server. */
export function createKeptConnections(): Agent {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 1 });
  const sessions = new Map<string, Buffer>();
  const memoryFor = (origin: string): SessionMemory => ({
    get: () => sessions.get(origin),
    set: (session) => sessions.set(origin, session),
  });
  type Done = (error: Error | null, socket: Duplex) => void;
  agent.createConnection = (options, done) => {
    const { target } = options as TargetedOptions;
    openConnection({ ...target, memory: memoryFor(target.url.origin) }).then(
      (socket) => (done as Done)(null, socket),
      (error: unknown) => (done as (error: unknown) => void)(error),
    );
    return undefined;
  };
  return agent;
}
