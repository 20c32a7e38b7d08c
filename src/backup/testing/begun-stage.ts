/** A stage that is closed when the test that began it ends. */
import { onTestFinished } from 'vitest';
import { type BegunStage, beginStage } from '../commit/stage.ts';

export async function beginForTest(...of: Parameters<typeof beginStage>): Promise<BegunStage> {
  const stage = await beginStage(...of);
  onTestFinished(() => stage.close());
  return stage;
}
