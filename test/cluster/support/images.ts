import { runProgram } from '../../support/run-program.ts';
import { clusterScript } from './environment.ts';

/** The images of the pods around the one under test, as pods name them. */
export interface TestImages {
  /** sshd for `git@HOST:foo/bar.git`, with the repositories in /srv/git. */
  readonly gitServer: string;
  /** Serves /usr/share/nginx/html on port 80, as root. */
  readonly nginx: string;
  /** The same on port 8080, as somebody. */
  readonly nginxUnprivileged: string;
  /** examples/templater-service on port 80. */
  readonly templaterService: string;
}

/** Those of examples/003-credentials. */
export interface DatabaseImages {
  /** Debian's PostgreSQL, as the user 70. */
  readonly postgres: string;
  readonly pgbouncer: string;
  /** The client loop that stands for Django. */
  readonly django: string;
}

/** Builds what is missing and puts all of a group on the node. The first call of a cluster takes some seconds. */
async function provide(group: 'web' | 'database'): Promise<(kind: string) => string> {
  const tag = await runProgram(clusterScript('images/provide'), [group]);
  return (kind) => `localhost/pillion-test-${kind}:${tag}`;
}

export async function provideDatabaseImages(): Promise<DatabaseImages> {
  const image = await provide('database');
  return { postgres: image('postgres'), pgbouncer: image('pgbouncer'), django: image('django') };
}

export async function provideTestImages(): Promise<TestImages> {
  const image = await provide('web');
  return {
    gitServer: image('git-server'),
    nginx: image('nginx'),
    nginxUnprivileged: image('nginx-unprivileged'),
    templaterService: image('templater-service'),
  };
}
