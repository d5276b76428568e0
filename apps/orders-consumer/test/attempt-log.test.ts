import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { EXIT_CONFIG } from '@esteira/config';
import { settingsEntries } from '@esteira/settings';
import {
  openBooks,
  startGuardedMongod,
  startPipeline,
  type GuardedMongod,
  type Pipeline,
} from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';

const MAIN = join(import.meta.dirname, '../src/main.ts');

let server: GuardedMongod;
let db: ReturnType<GuardedMongod['freshDatabase']>;
let pipeline: Pipeline | undefined;

beforeAll(async () => {
  server = await startGuardedMongod();
});

beforeEach(() => {
  db = server.freshDatabase();
});

afterEach(async () => {
  await pipeline?.stop();
  pipeline = undefined;
});

afterAll(() => server.stop());

/** Each line of a process that has these words. */
const linesWith = (output: string, words: string) => output.split('\n').filter((line) => line.includes(words));

describe('a consumer', () => {
  it('whose user of MongoDB may not change the age of attempts starts, says so once, and its orders go on', async () => {
    const url = await server.user(db, ['readWrite'], 'pa/ss %40@#?');
    pipeline = await startPipeline({ systems: 1, env: { MONGODB_URL: url, ATTEMPT_LOG_TTL_SECONDS: '600' } });
    const [consumer] = pipeline.consumers;
    await consumer?.end('SIGTERM');
    await pipeline.stop();
    pipeline = await startPipeline({ systems: 1, env: { MONGODB_URL: url, ATTEMPT_LOG_TTL_SECONDS: '86400' } });
    const output = pipeline.consumers[0]?.output() ?? '';
    expect(linesWith(output, 'ATTEMPT_LOG_TTL_SECONDS=86400 could not be applied'), output).toHaveLength(1);
    expect(output).not.toContain('pa/ss');
    const books = await openBooks(pipeline.settings);
    await pipeline.post(0, '/v0/insert-data', { positive_inserts: 20, negative_inserts: 0 });
    await pipeline.publishAll(0);
    expect((await books.untilAtRest(20)).stored).toBe(20);
    await books.close();
    const indexes = await db.collection('attempts').indexes();
    expect(indexes.find(({ name }) => name === 'ttl_orders')?.expireAfterSeconds).toBe(600);
  });

  it('holds its messages while MongoDB refuses attempts, says why, and logs each of them when that is mended', async () => {
    const url = await server.user(db, ['readWrite']);
    pipeline = await startPipeline({ systems: 1, env: { MONGODB_URL: url } });
    await db.command({ collMod: 'attempts', validator: { customer: { $exists: true } } });
    await pipeline.post(0, '/v0/insert-data', { positive_inserts: 20, negative_inserts: 2 });
    await pipeline.publishAll(0);
    const health = `${pipeline.consumers[0]?.url ?? ''}/health/ready`;
    await vi.waitFor(async () => {
      expect(await (await fetch(health)).text()).toContain('attempts has a validator that refuses attempts');
    }, patient);
    await db.command({ collMod: 'attempts', validator: {} });
    const books = await openBooks(pipeline.settings);
    const { attempts, logged } = await books.untilAtRest(22);
    expect(logged).toBe(attempts);
    expect(attempts).toBe(await books.attemptsAsked(pipeline.settings.MAX_ATTEMPTS));
    await books.close();
  });

  it.each<[what: string, url: () => Promise<string>, words: string]>([
    ['may only read', () => server.user(db, ['read']), 'Give it the role readWrite'],
    [
      'finds a view',
      async () => {
        await db.createCollection('attempts', { viewOn: 'others', pipeline: [] });
        return server.user(db, ['readWrite']);
      },
      'attempts is a view.',
    ],
  ])('whose user of MongoDB %s ends with 78 and says what to do', async (_, url, words) => {
    pipeline = await startPipeline({ systems: 1, consumers: 0 });
    const settings = Object.fromEntries(settingsEntries(pipeline.settings));
    const env = { PATH: process.env['PATH'], ...settings, MONGODB_URL: await url() };
    const child = execFile(process.execPath, [MAIN], { env, cwd: tmpdir() });
    let said = '';
    child.stdout?.on('data', (text: string) => (said += text));
    const [code] = (await once(child, 'close')) as [number];
    expect(code, said).toBe(EXIT_CONFIG);
    expect(linesWith(said, words), said).toHaveLength(1);
    expect(said).not.toContain('let%20me%20in');
  });
});
