import { randomBytes } from 'node:crypto';
import { createLogger } from '@esteira/observability';
import type { OutgoingMessage } from '@esteira/pipeline';
import { createRelay, positionOf, type PageSource, type Relay } from '@esteira/relay';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, expect, inject, it, onTestFinished, vi } from 'vitest';
import { rowsBehind } from '../src/index.ts';
import { notes, notesSource, ownSource, take, type OwnSource } from './support.ts';

let first: OwnSource;
let second: OwnSource;
beforeAll(async () => {
  [first, second] = await Promise.all([ownSource('SYSTEM1_DATABASE_URL'), ownSource('ENDPUT_DATABASE_URL')]);
});
afterAll(() => Promise.all([first.drop(), second.drop()]));

/** A relay with a broker that confirms everything, and what it published. */
function relayFrom(source: PageSource, system: string, onPublish: () => Promise<void> = () => Promise.resolve()) {
  const published: OutgoingMessage[] = [];
  const relay = createRelay({
    cursor: { pipeline: 'notes', system },
    source,
    redisUrl: inject('env')['REDIS_URL'] ?? '',
    publish: async (messages) => {
      await onPublish();
      published.push(...messages);
      return messages.map(() => 'confirmed' as const);
    },
    pageSize: 100,
    maxLaneDepth: () => 1_000_000,
    leaseMs: 15_000,
    logger: createLogger({ name: 'test', level: 'silent' }),
  });
  onTestFinished(async () => {
    await relay.close();
  });
  return { relay, published };
}

/** Runs until nothing is behind: other tests on the server may hold the watermark for a while. */
async function runToTheLastRow(relay: Relay, { postgres }: OwnSource): Promise<void> {
  await vi.waitFor(async () => {
    const { cursor } = await relay.status();
    const { rows } = await rowsBehind(postgres, notes, positionOf(cursor));
    if (cursor.status === 'FINISHED' && rows === 0) return;
    if (cursor.status !== 'RUNNING') await relay.run({ maxAttempts: 5 });
    throw new Error(`${cursor.status}, ${rows} rows behind`);
  }, patient);
}

it('a run whose connections to Postgres are ended goes on, and publishes every row once', async () => {
  const system = `t-${randomBytes(6).toString('hex')}`;
  await take(first.postgres, 2_000);
  let calls = 0;
  const { relay, published } = relayFrom(notesSource(first.postgres, system), system, async () => {
    if (++calls % 4 !== 0) return;
    await first.elsewhere.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()`,
      [new URL(first.url).pathname.slice(1)],
    );
  });
  await runToTheLastRow(relay, first);
  const ids = published.map(({ messageId }) => messageId);
  expect(ids).toHaveLength(2_000);
  expect(new Set(ids).size).toBe(2_000);
  expect((await relay.status()).cursor.publishedCount).toBe(2_000);
  await relay.clear();
});

it('a cursor of one Postgres cluster is not gone on with in another', async () => {
  const system = `t-${randomBytes(6).toString('hex')}`;
  await Promise.all([take(first.postgres, 10), take(second.postgres, 10)]);
  const before = relayFrom(notesSource(first.postgres, system), system);
  await runToTheLastRow(before.relay, first);
  await before.relay.close();

  const after = relayFrom(notesSource(second.postgres, system), system);
  await after.relay.run({ maxAttempts: 5 });
  const { error } = await vi.waitFor(async () => {
    const { cursor } = await after.relay.status();
    expect(cursor.status).toBe('ERROR');
    return cursor;
  }, patient);
  expect(error?.code).toBe('source-changed');
  expect(error?.message).toMatch(/another Postgres cluster \(\d+ then, \d+ now\)/);
  expect(after.published).toEqual([]);
  await after.relay.clear();
  await runToTheLastRow(after.relay, second);
  expect(after.published).toHaveLength(10);
  await after.relay.clear();
});
