/**
 * SIGUSR1. Without a listener Node opens a debugger on the loopback interface at this signal, and every container of the
 * pod could run code in this process.
 */

/** Keeps the debugger closed; without a `listener` the signal ends the process, as it does a program without a handler. */
export function closeDebugger(listener: () => void = dieOfSignal): () => void {
  process.removeAllListeners('SIGUSR1');
  process.on('SIGUSR1', listener);
  return () => process.off('SIGUSR1', listener);
}

function dieOfSignal(): void {
  process.removeAllListeners('SIGUSR1'); // once there has been a listener, there is no debugger any more
  process.kill(process.pid, 'SIGUSR1');
}

/**
 * Closes a debugger that is open already, because NODE_OPTIONS or the command line asked for it: bin/pillion keeps Node
 * from opening one, but `node bin/pillion` does not.
 */
export function closeInspector(): void {
  const options = `${process.env['NODE_OPTIONS'] ?? ''} ${process.execArgv.join(' ')}`;
  if (options.includes('--inspect')) {
    const inspector = process.getBuiltinModule('node:inspector');
    if (inspector.url() !== undefined) {
      inspector.close();
      process.stderr.write('pillion: the debugger that --inspect opened is closed: others could use it\n');
    }
  }
}
