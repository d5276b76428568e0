import { connectBroker, laneDepth, names, type Broker } from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { ordersPipeline } from '@esteira/orders/domain';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  administrationOf,
  startPipeline,
  type Administration,
  type AppProcess,
  type Pipeline,
} from './support/index.ts';
import { patient } from '@esteira/tests/patience';

const NAMED = 'The operator policy "short-lived" sets message-ttl to 500 on queue orders.primary';

let pipeline: Pipeline;
let api: AppProcess;
let consumer: AppProcess;
let administration: Administration;
let broker: Broker;
let endput: Postgres;

beforeAll(async () => {
  pipeline = await startPipeline({ systems: 1 });
  [api, consumer] = [pipeline.apis[0]!, pipeline.consumers[0]!];
  await pipeline.console.start();
  administration = administrationOf(pipeline.settings.RABBITMQ_URL);
  const logger = createLogger({ name: 'test', level: 'silent' });
  broker = await connectBroker({ url: pipeline.settings.RABBITMQ_URL, name: 'test', logger });
  await broker.untilConnected();
  endput = openPostgres({ url: pipeline.settings.ENDPUT_DATABASE_URL, applicationName: 'test', max: 1 });
});

afterAll(async () => {
  await Promise.all([broker.close(), endput.close()]);
  await pipeline.stop();
});

const readiness = async ({ url }: AppProcess) => {
  const response = await fetch(`${url}/health/ready`);
  return { status: response.status, text: JSON.stringify(await response.json()).replaceAll('\\"', '"') };
};

const atRest = async () => {
  const sql = 'SELECT (SELECT count(*) FROM orders)::int + (SELECT count(*) FROM dead_letters)::int AS n';
  return (await endput.query<{ n: number }>(sql))[0]?.n;
};

/** Messages that wait for a retry. */
async function waiting(): Promise<number> {
  const channel = await broker.channel();
  const { messageCount } = await channel.checkQueue(names.waitQueue(ordersPipeline, pipeline.settings.RETRY_DELAY_MS));
  await channel.close();
  return messageCount;
}

describe('an operator policy that expires messages', () => {
  it('stops publishing before it costs one, is named wherever people look, and all goes on once it is gone', async () => {
    const shortLived = { pattern: '.*', definition: { 'message-ttl': 500 }, 'apply-to': 'queues' } as const;
    await administration.setOperatorPolicy('short-lived', shortLived);
    for (const app of [api, consumer]) {
      await vi.waitFor(async () => {
        const { status, text } = await readiness(app);
        expect([status, text]).toEqual([503, expect.stringContaining(NAMED)]);
      }, patient);
      // What a process writes arrives by another way than what it answers.
      await vi.waitFor(() => {
        expect(app.output()).toContain('short-lived');
      }, patient);
    }
    await vi.waitFor(async () => {
      const overview = await (await fetch(`${pipeline.console.url}/v0/pipelines/orders/overview`)).json();
      expect(JSON.stringify(overview).replaceAll('\\"', '"')).toContain(NAMED);
    }, patient);
    // The consumer is away, as in a deployment: what is published now would wait, and expire.
    await consumer.end('SIGTERM');
    await pipeline.post(0, '/v0/insert-data', { positive_inserts: 20, negative_inserts: 5 });
    expect((await pipeline.post(0, '/v0/process/run', {})).status).toBe(202);
    await vi.waitFor(async () => {
      const { run, cursor } = await pipeline.get(0, '/v0/process/status');
      expect(run).toMatchObject({ phase: 'waiting', waiting_for: expect.stringContaining('short-lived') as string });
      expect(cursor).toMatchObject({ published_count: 0 });
    }, patient);
    expect(await laneDepth(broker, ordersPipeline)).toBe(0);
    await administration.removeAllPolicies();
    await consumer.start();
    await vi.waitFor(async () => {
      expect(await atRest()).toBe(25);
    }, patient);
    expect((await readiness(api)).status).toBe(200);
  });
});

describe('a policy that shortens what waits for a retry', () => {
  it('holds retries and dead letters until it is gone, also where a consumer starts under it, and spends no attempt', async () => {
    await consumer.end('SIGTERM');
    const before = (await atRest()) ?? 0;
    await pipeline.post(0, '/v0/insert-data', { positive_inserts: 0, negative_inserts: 10 });
    await pipeline.publishAll(0);
    await vi.waitFor(async () => {
      expect(await laneDepth(broker, ordersPipeline)).toBe(10);
    }, patient);
    const policy = { pattern: '[.]wait[.]', definition: { expires: 60_000 }, 'apply-to': 'queues' } as const;
    await administration.setPolicy('tidy', policy);
    await vi.waitFor(async () => {
      expect((await readiness(api)).text).toContain('The policy "tidy" sets expires to 60000');
    }, patient);
    const started = consumer.start().catch(() => undefined); // It is not ready in time.
    await vi.waitFor(async () => {
      expect((await readiness(consumer)).text).toContain('The policy "tidy" sets expires to 60000');
      expect(await laneDepth(broker, ordersPipeline)).toBe(0);
    }, patient);
    expect(await waiting()).toBe(0);
    await administration.removeAllPolicies();
    await vi.waitFor(async () => {
      expect(await atRest()).toBe(before + 10);
    }, patient);
    await started;
    const [{ most } = { most: 0 }] = await endput.query<{ most: number }>(
      'SELECT max(jsonb_array_length(attempts))::int AS most FROM dead_letters',
    );
    expect(most, 'attempts of the dead letters').toBe(pipeline.settings.MAX_ATTEMPTS);
  });
});
