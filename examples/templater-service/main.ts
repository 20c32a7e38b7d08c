import { once } from 'node:events';
import process from 'node:process';
import { createTemplater } from './server.ts';

const GRACE_MS = 5000;

function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) {
    throw new Error(`PORT must be a number from 0 to 65535, not "${text}"`);
  }
  return value;
}

async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const templateRoot = env['TEMPLATE_ROOT'];
  if (!templateRoot) {
    throw new Error('TEMPLATE_ROOT must name the directory with the templates');
  }
  const server = createTemplater({ templateRoot, env });
  server.listen(port(env['PORT'] ?? '8080'), env['HOST'] ?? '0.0.0.0');
  await once(server, 'listening');
  console.log(`templater listens on ${JSON.stringify(server.address())}, templates in ${templateRoot}`);

  const shutDown = () => {
    // Requests under way are answered, then their connections end; whoever is still there after the grace is cut off.
    server.close();
    setInterval(() => server.closeIdleConnections(), 50).unref();
    setTimeout(() => server.closeAllConnections(), GRACE_MS).unref();
  };
  process.once('SIGTERM', shutDown);
  process.once('SIGINT', shutDown);
  await once(server, 'close');
}

main(process.env).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
