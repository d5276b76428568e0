import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { settingsEntries } from '@esteira/settings';
import { freePort, openBooks, startPipeline, type Books, type Pipeline } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';

const MAX_ATTEMPTS = 5;
const redisServer = spawnSync('redis-server', ['--version']).error === undefined;

let pipeline: Pipeline;
let books: Books;
let total: number;

async function start(env: Record<string, string> = {}): Promise<void> {
  pipeline = await startPipeline({ systems: 1, env: { LEASE_MS: '2000', ...env } });
  books = await openBooks(pipeline.settings);
  total = 0;
}

afterEach(async () => {
  await books.close();
  await pipeline.stop();
});

async function insert(positive: number, negative: number): Promise<void> {
  const rows = { positive_inserts: positive, negative_inserts: negative };
  expect((await pipeline.post(0, '/v0/insert-data', rows)).status).toBe(201);
  total += positive + negative;
}

const follow = async () => {
  expect((await pipeline.post(0, '/v0/process/run', { follow: true })).status).toBe(202);
};

/** All rows are at rest, by the run that follows alone, and no attempt more was spent than they ask for. */
async function expectAllAtRest(): Promise<void> {
  const counts = await books.untilAtRest(total);
  const attempts = await books.attemptsAsked(MAX_ATTEMPTS);
  expect(counts).toMatchObject({ attempts, logged: attempts });
}

const status = (url = pipeline.apis[0]!.url) =>
  fetch(`${url}/v0/process/status`).then(
    (response) => response.json() as Promise<{ cursor: Record<string, unknown>; run: object | null }>,
  );

describe('a run that follows', () => {
  beforeEach(() => start());

  it('goes on through kill -9 and restarts of its API, until it is stopped', async () => {
    await follow();
    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGKILL'] as const) {
      await insert(300, 20);
      await vi.waitFor(async () => {
        expect((await books.counts()).stored).toBeGreaterThan(total - 320);
      }, patient);
      await pipeline.apis[0]!.end(signal);
      await pipeline.apis[0]!.start();
    }
    await insert(50, 5);
    await expectAllAtRest();
    expect(await pipeline.post(0, '/v0/process/stop')).toMatchObject({ status: 200, body: { stopped: true } });
    await pipeline.apis[0]!.end('SIGTERM');
    await pipeline.apis[0]!.start();
    await insert(10, 0);
    expect(await status()).toMatchObject({ cursor: { status: 'IDLE', follow: true }, run: null });
    expect((await books.counts()).stored).toBe(total - 65 - 10);
  });

  it('is held by one of two replicas, and goes on in the other when that one is gone', async () => {
    const replica = await startReplica();
    await follow();
    await insert(500, 20);
    await pipeline.apis[0]!.end('SIGKILL');
    await vi.waitFor(async () => {
      expect((await status(replica.url)).run).not.toBeNull();
    }, patient);
    await pipeline.apis[0]!.start();
    await insert(200, 10);
    await expectAllAtRest();
    // Two holders would count rows twice.
    expect((await status(replica.url)).cursor).toMatchObject({ status: 'RUNNING', published_count: total });
    // Whichever replica is asked, the run stops.
    expect(await pipeline.post(0, '/v0/process/stop')).toMatchObject({ body: { stopped: true } });
    expect(await status(replica.url)).toMatchObject({ cursor: { status: 'IDLE' }, run: null });
  });
});

describe.skipIf(!redisServer)('a run that follows, with a Redis of its own', () => {
  it('goes on when Redis comes back with its cursor, and without it', async () => {
    const redis = await ownRedis();
    await start({ REDIS_URL: redis.url });
    await follow();
    await insert(300, 20);
    await expectAllAtRest();
    await redis.restart();
    await insert(300, 20);
    await expectAllAtRest();
    expect((await status()).cursor).toMatchObject({ status: 'RUNNING', follow: true, published_count: total });
    await redis.restartEmpty();
    await insert(100, 10);
    await expectAllAtRest();
    await vi.waitFor(async () => {
      expect(await status()).toMatchObject({
        cursor: { status: 'RUNNING', follow: true, published_count: total },
        notice: expect.stringContaining('Redis was emptied') as string,
      });
    }, patient);
    await expectAllAtRest();
  });
});

/** A second API of the system: another process, on another port, with the same settings. */
async function startReplica(): Promise<{ url: string }> {
  const [system] = pipeline.settings.systems;
  const port = await freePort();
  const env = {
    ...process.env,
    ...Object.fromEntries(settingsEntries(pipeline.settings)),
    SYSTEM: system?.name,
    SYSTEM1_API_PORT: String(port),
  };
  const root = join(import.meta.dirname, '..');
  const child = spawn(process.execPath, [join(root, 'apps/orders-api/src/main.ts')], {
    env,
    cwd: root,
    stdio: 'ignore',
  });
  onTestFinished(() => ended(child));
  const url = `http://127.0.0.1:${port}`;
  await vi.waitFor(async () => {
    expect((await fetch(`${url}/health/ready`)).status).toBe(200);
  }, patient);
  return { url };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null && child.kill('SIGKILL')) await once(child, 'exit');
}

/** A Redis that keeps what it was told, as ours does, and can be killed and started again. */
async function ownRedis() {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'esteira-redis-'));
  const run = async (): Promise<ChildProcess> => {
    const keeping = ['--dir', directory, '--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
    const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', ...keeping], {
      stdio: 'ignore',
    });
    await once(child, 'spawn');
    return child;
  };
  let server = await run();
  const restart = async (between: () => void) => {
    await ended(server);
    between();
    server = await run();
  };
  onTestFinished(async () => {
    await ended(server);
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    restart: () => restart(() => undefined),
    restartEmpty: () =>
      restart(() => {
        rmSync(join(directory, 'appendonlydir'), { recursive: true, force: true });
        rmSync(join(directory, 'appendonly.aof'), { force: true });
      }),
  };
}
