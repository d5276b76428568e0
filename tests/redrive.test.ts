import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { settingsEntries } from '@esteira/settings';
import { openBooks, startPipeline, type Books, type Pipeline } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const ORDERS = 60;
let pipeline: Pipeline;
let books: Books;

beforeAll(async () => {
  pipeline = await startPipeline({ systems: 1, env: { MAX_ATTEMPTS: '2', RETRY_DELAY_MS: '100' } });
  books = await openBooks(pipeline.settings);
});

afterAll(async () => {
  await books.close();
  await pipeline.stop();
});

/** Runs a command of the command line: what it wrote, and its exit code. */
async function esteira(...words: string[]): Promise<{ code: number; output: string }> {
  const env = { ...process.env, ...Object.fromEntries(settingsEntries(pipeline.settings)), YES: '1' };
  const args = [join(ROOT, 'apps', 'cli', 'src', 'main.ts'), ...words];
  return promisify(execFile)(process.execPath, args, { env, cwd: ROOT }).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    (error: unknown) => {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, output: stdout + stderr };
    },
  );
}

const mirrors = async () => {
  const channel = await books.broker.channel();
  const { messageCount } = await channel.checkQueue('orders.dead-letter');
  await channel.close();
  return messageCount;
};

it('dead letters are redriven from a shell: it stops itself while they fail again; once they can pass, all are stored', async () => {
  await pipeline.post(0, '/v0/insert-data', { positive_inserts: 0, negative_inserts: ORDERS });
  await pipeline.publishAll(0);
  expect(await books.untilAtRest(ORDERS)).toMatchObject({ stored: 0, dead: ORDERS, attempts: 2 * ORDERS });
  const groups = await esteira('dlq');
  expect(groups.output).toMatch(/60 .*attempts-exhausted .*security-check-failed/);

  const stopped = await esteira('redrive', '--filter', 'reason=attempts-exhausted', '--stop-at', '0.1');
  expect(stopped.output).toContain('20 go first');
  expect(stopped.output).toContain('job 1: stopped');
  expect(stopped.code).toBe(1);
  await vi.waitFor(async () => {
    expect(await books.counts()).toMatchObject({ dead: ORDERS, attempts: 2 * ORDERS + 2 * 20 });
    // The mirrors of those that died again are new ones; their first mirrors are gone.
    expect(await mirrors()).toBe(ORDERS);
  }, patient);

  // With one attempt more than before these orders pass.
  const passed = await esteira('redrive', '--max-attempts', '3', '--rate', '200', '--why', 'may take longer');
  expect(passed.output).toContain('job 2: finished');
  expect(passed.code).toBe(0);
  const attempts = 2 * ORDERS + 2 * 20 + 3 * ORDERS;
  expect(await books.untilAtRest(ORDERS)).toEqual({ stored: ORDERS, dead: 0, attempts, logged: attempts });
  expect(await mirrors()).toBe(0);
  const history = await books.endput<{ entries: string; count: number }>(
    `SELECT (SELECT string_agg(entry ->> 'why', ', ') FROM jsonb_array_elements(history) AS entry) AS entries,
            count(*)::int AS count FROM dead_letters GROUP BY 1 ORDER BY 2`,
  );
  expect(history).toEqual([
    { entries: 'make redrive, may take longer', count: 20 },
    { entries: 'may take longer', count: 40 },
  ]);
  expect((await esteira('redrive')).output).toContain('There is nothing to redrive.');
});
