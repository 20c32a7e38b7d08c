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

/** Builds what is missing and puts all of them on the node. The first call of a cluster takes some seconds. */
export async function provideTestImages(): Promise<TestImages> {
  const tag = await runProgram(clusterScript('images/provide'), []);
  const image = (kind: string) => `localhost/pillion-test-${kind}:${tag}`;
  return {
    gitServer: image('git-server'),
    nginx: image('nginx'),
    nginxUnprivileged: image('nginx-unprivileged'),
    templaterService: image('templater-service'),
  };
}
