import { chmod, opendir } from 'node:fs/promises';

/** Names need not be UTF-8; as text they would name something else. */
async function changeBelow(path: Buffer, mode: number): Promise<void> {
  const directory = await opendir(path, { encoding: 'latin1' });
  for await (const entry of directory) {
    const child = Buffer.concat([path, Buffer.from('/'), Buffer.from(entry.name, 'latin1')]);
    if (entry.isDirectory()) {
      await changeBelow(child, mode);
    } else if (!entry.isSymbolicLink()) {
      await chmod(child, mode);
    }
  }
  await chmod(path, mode);
}

/** v3's `-change-permissions`: `chmod -R MODE`, files and directories alike; symlinks are not followed. 0 does nothing. */
export async function changeModes(path: string, mode: number): Promise<void> {
  if (mode !== 0) {
    await changeBelow(Buffer.from(path), mode);
  }
}
