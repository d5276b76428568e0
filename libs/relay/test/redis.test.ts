import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { freePort } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { describe, expect, inject, it, onTestFinished, vi } from 'vitest';
import { openRedis, RedisFault } from '../src/redis.ts';
import { logger, networkTo, redisHere } from './support.ts';

const redisServer = spawnSync('redis-server', ['--version']).error === undefined;

/** A Redis of the test's own: the shared one must keep its policy. */
async function privateRedis(port: number, policy: string): Promise<void> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--maxmemory-policy', policy];
  const server = spawn('redis-server', args, { stdio: 'ignore' });
  onTestFinished(async () => {
    if (server.exitCode === null && server.kill()) await once(server, 'exit');
  });
  await once(server, 'spawn');
}

describe('Redis', () => {
  it('is ready when it never evicts', async () => {
    await redisHere().ready();
  });

  it.skipIf(!redisServer)('that may evict cursors is not ready, and the error says what to set', async () => {
    const own = await freePort();
    await privateRedis(own, 'allkeys-lru');
    const redis = openRedis(`redis://127.0.0.1:${own}`, logger);
    onTestFinished(() => redis.close());
    await vi.waitFor(() => expect(redis.ready()).rejects.toThrow(/allkeys-lru.*Set it to noeviction/), patient);
  });

  it('that is not there is told once in the log, however often it is tried, and once when it is back', async () => {
    const { hostname, port } = new URL(inject('env')['REDIS_URL'] ?? '');
    const network = await networkTo(hostname, Number(port));
    network.cut();
    const lines: string[] = [];
    const log = {
      ...logger,
      warn: (_: unknown, line: string) => lines.push(line),
      info: (...said: unknown[]) => lines.push(String(said.at(-1))),
    };
    const redis = openRedis(`redis://127.0.0.1:${network.port}`, log as never);
    onTestFinished(() => redis.close());
    for (let i = 0; i < 3; i++) await expect(redis.script('return 1', 'k')).rejects.toThrow(RedisFault);
    expect(lines).toEqual([expect.stringMatching(/does not answer yet/)]);
    network.mend();
    await vi.waitFor(() => redis.ready(), patient);
    expect(lines).toEqual([expect.stringMatching(/does not answer yet/), expect.stringMatching(/answers/)]);
  });

  it('that stops answering without closing is connected to again', async () => {
    const { hostname, port } = new URL(inject('env')['REDIS_URL'] ?? '');
    const network = await networkTo(hostname, Number(port));
    const redis = openRedis(`redis://127.0.0.1:${network.port}`, logger);
    onTestFinished(() => redis.close());
    await redis.ready();
    network.fallSilent();
    await expect(redis.script('return 1', 'k')).rejects.toThrow(RedisFault);
    await vi.waitFor(() => redis.ready(), patient);
  });
});
