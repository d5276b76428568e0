import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { gzipSync } from 'node:zlib';
import { createLogger } from '@esteira/observability';
import { openActionLog, openRedis } from '@esteira/relay';
import { freePort, startPipeline } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { expect, inject, it, onTestFinished, vi } from 'vitest';

const logger = createLogger({ name: 'test', level: 'silent' });

it('an insert does not fail without Redis, and is written when Redis is back', async () => {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const startRedis = () =>
    spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], { stdio: 'ignore' });
  let server = startRedis();
  const endRedis = async () => {
    if (server.exitCode === null && server.kill()) await once(server, 'exit');
  };
  onTestFinished(endRedis);
  const pipeline = await startPipeline({ systems: 1, consumers: 0, env: { REDIS_URL: url } });
  onTestFinished(() => pipeline.stop());
  const log = openActionLog(redisAt(url), pipeline.settings.systems[0]?.name ?? '');
  await endRedis();
  const rows = { positive_inserts: 2, negative_inserts: 0 };
  expect(await pipeline.post(0, '/v0/insert-data', rows)).toEqual({ status: 201, body: rows });
  await vi.waitFor(() => {
    expect(pipeline.apis[0]?.output()).toContain('an action is not in the history before Redis answers');
  }, patient);
  server = startRedis();
  const actions = await vi.waitFor(async () => {
    const entries = await log.oldest(10);
    expect(entries).toHaveLength(1);
    return entries;
  }, patient);
  expect(actions).toMatchObject([{ action: { action: 'insert-data', by: 'local', details: rows } }]);
});

it('an import that is interrupted is written with what it had committed', async () => {
  const pipeline = await startPipeline({ systems: 1, consumers: 0 });
  onTestFinished(() => pipeline.stop());
  const log = openActionLog(redisAt(inject('env')['REDIS_URL'] ?? ''), pipeline.settings.systems[0]?.name ?? '');
  const rows = Array.from({ length: 2_500 }, () => 'pen,1.50\n').join('');
  const file = gzipSync(`product,price\n${rows}`);
  const response = await fetch(`${pipeline.apis[0]?.url ?? ''}/v0/orders/import`, {
    method: 'POST',
    headers: { 'content-type': 'text/csv' },
    body: file.subarray(0, -8),
  });
  expect(response.status).toBe(400);
  const [entry] = await log.oldest(10);
  expect(entry?.action).toMatchObject({
    action: 'import',
    details: { positive: 2_000, idempotency_key: false, interrupted: true },
  });
  await log.clear();
});

function redisAt(url: string) {
  const redis = openRedis(url, logger);
  onTestFinished(() => redis.close());
  return redis;
}
