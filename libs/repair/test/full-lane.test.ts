import {
  atRestView,
  createJob,
  deadLetterMigrations,
  getJob,
  lockToWriteDeadLetters,
  runJob,
  writeDeadLetters,
  type DeadLetter,
  type Redrivable,
} from '@esteira/dead-letters';
import {
  connectBroker,
  createPublisher,
  declareTopology,
  laneDepth,
  names,
  openManagement,
  pipelineTopology,
  type Broker,
} from '@esteira/messaging';
import { createLogger } from '@esteira/observability';
import { contentId, writeHeaders, type OutgoingMessage, type Pipeline } from '@esteira/pipeline';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { freshDatabase, freshVirtualHost, serverSetting, type Fresh } from '@esteira/tests/support';
import { patient } from '@esteira/tests/patience';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { repairJobs } from '../src/index.ts';

const MOST_DEPTH = 5;
const pipeline: Pipeline = {
  name: 'notes',
  types: [{ name: 'note.sent', schemaVersion: 1 }],
  lanes: ['slow', 'quick'],
  limits: { slow: { mostDepth: MOST_DEPTH } },
};
const atRest = atRestView(pipeline.name);
const idOf = (key: string) => contentId(Buffer.from(key), pipeline.name);
const redrivable: Redrivable = {
  pipeline,
  atRest,
  readBody: (body) => {
    const key = Buffer.from(body).toString();
    return { messageId: idOf(key), origin: 'office', key, incarnation: null };
  },
};

let vhost: Fresh;
let database: Fresh;
let endput: Postgres;
let broker: Broker;
const logger = createLogger({ name: 'test', level: 'silent' });
const management = () => openManagement(serverSetting('RABBITMQ_MANAGEMENT_URL'), vhost.url);

beforeAll(async () => {
  vhost = await freshVirtualHost();
  database = await freshDatabase('ENDPUT_DATABASE_URL');
  await migrate(database.url, deadLetterMigrations);
  endput = openPostgres({ url: database.url, applicationName: 'test' });
  await endput.query(`CREATE VIEW ${atRest.view} AS
    SELECT NULL::uuid AS message_id, NULL::text AS incarnation, 1 AS round, 1 AS attempts, now() AS stored_at WHERE false`);
  broker = await connectBroker({ url: vhost.url, name: 'test', logger });
  await broker.untilConnected();
  await declareTopology(broker, pipelineTopology(pipeline), management(), logger);
});
afterAll(async () => {
  await Promise.all([endput.close(), broker.close()]);
  await Promise.all([vhost, database].map((fresh) => fresh.drop()));
});

const keysOf = (lane: string, count: number) => Array.from({ length: count }, (_, n) => `${lane} ${n + 1}`);
const messageOf = (key: string, lane: string): OutgoingMessage => ({
  ...{ messageId: idOf(key), type: 'note.sent', lane, body: Buffer.from(key) },
  headers: writeHeaders({ schemaVersion: 1, attempt: 1, maxAttempts: 3, round: 1 }),
});

function deadLetterOf(key: string, lane: string): DeadLetter {
  const { messageId, type, body, headers } = messageOf(key, lane);
  const at = new Date('2026-01-01T00:00:01Z');
  return {
    ...{ messageId, pipeline: pipeline.name, lane, type, body, headers },
    ...{ origin: 'office', key, incarnation: null, round: 1, attempts: [], reason: 'refused' },
    ...{ error: { code: 'c', message: 'm' }, firstAttemptAt: at, deadAt: at },
  };
}

const depthOf = (lane: string) => laneDepth(broker, pipeline, [lane]);
const untilDepth = (lane: string, depth: number) =>
  vi.waitFor(async () => {
    expect(await depthOf(lane)).toBe(depth);
  }, patient);

it('a redrive sends what goes to a lane with room while another lane is full, and the rest once that has drained', async () => {
  const before = keysOf('before', MOST_DEPTH + 1).map((key) => messageOf(key, 'slow'));
  const publish = createPublisher(broker, { exchange: names.exchange(pipeline), mandatory: true, appId: 'test' });
  expect(new Set(await publish(before))).toEqual(new Set(['confirmed']));
  await untilDepth('slow', before.length);
  const dead = ['slow', 'quick'].flatMap((lane) => keysOf(lane, 30).map((key) => deadLetterOf(key, lane)));
  await endput.transaction((tx) => writeDeadLetters(tx, atRest, dead), lockToWriteDeadLetters(atRest));

  const job = await createJob(endput, pipeline.name, {
    ...{ action: 'redrive', selection: { filter: {} }, by: 'ana', why: 'mended' },
  });
  const read = async () => (await getJob(endput, pipeline.name, job.id))!;
  const jobs = repairJobs(redrivable, {
    ...{ endput, broker, management: management(), maxAttempts: 3, maxLaneDepth: 1_000_000, leaseMs: 300 },
    holder: 'test',
    onFault: () => undefined,
  });
  const running = runJob({ ...jobs, batch: 10 }, job.id, new AbortController().signal);
  await untilDepth('quick', 30);
  await vi.waitFor(async () => {
    expect(await read()).toMatchObject({ handled: 30, note: 'waits for the lane slow to drain to 5 messages' });
  }, patient);
  expect(await depthOf('slow')).toBe(before.length);

  // A batch may go to a lane that has room, and then it is full again: it is drained until all has come.
  const channel = await broker.channel();
  let drained = 0;
  await vi.waitFor(async () => {
    drained += (await channel.purgeQueue(names.lane(pipeline, 'slow'))).messageCount;
    expect(drained).toBe(before.length + 30);
  }, patient);
  await running;
  expect(await read()).toMatchObject({ state: 'finished', total: 60, handled: 60, done: 60 });
});
