import { randomUUID } from 'node:crypto';
import { mongodbAttemptLog, type AttemptLog } from '@esteira/attempt-log';
import { startConsumer, type ConsumerSettings, type RunningConsumer } from '@esteira/consumer';
import { deadLetterMigrations } from '@esteira/dead-letters';
import { heartbeatMigrations } from '@esteira/heartbeat';
import {
  connectBroker,
  createPublisher,
  declareTopology,
  names,
  openManagement,
  pipelineTopology,
  queueDepths,
} from '@esteira/messaging';
import { createLogger, createMetrics } from '@esteira/observability';
import type { Attempt, Handler, HandlerOutcome } from '@esteira/pipeline';
import { migrate, openPostgres, type Postgres } from '@esteira/postgres';
import { patient } from '@esteira/tests/patience';
import { freshDatabase, freshMongoUrl, freshVirtualHost, serverSetting } from '@esteira/tests/support';
import { expect, vi } from 'vitest';
import { tasksDefinition } from '../src/definition.ts';
import { identityOf, taskMessage, type Task } from '../src/message.ts';
import { tasksPipeline } from '../src/pipeline.ts';
import {
  TaskDays,
  fireSlots,
  insertSchedules,
  succeed,
  taskStates,
  tasksMigrations,
  type NewSchedule,
} from '../src/store/index.ts';
import { slotTaskId } from '../src/task-id.ts';

/** A store of tasks of its own, on a real Postgres. */
export interface TasksStore {
  readonly url: string;
  readonly sql: Postgres;
  close(): Promise<void>;
}

export async function openStore(): Promise<TasksStore> {
  const database = await freshDatabase('TASKS_DATABASE_URL');
  for (const migrations of [tasksMigrations, deadLetterMigrations, heartbeatMigrations])
    await migrate(database.url, migrations);
  const sql = openPostgres({ url: database.url, applicationName: 'tests of tasks' });
  return {
    ...{ url: database.url, sql },
    close: async () => {
      await sql.close();
      await database.drop();
    },
  };
}

/** A schedule of 5 s that has begun long ago. */
export const everyFiveSeconds: NewSchedule = {
  ...{ name: 'site', type: 'simulated', payload: {}, intervalSeconds: 5, cron: null, timezone: null },
  ...{ startsAt: Date.UTC(2026, 0, 1), endsAt: null, misfire: 'latest', overlap: 'allow', jitterSeconds: 0 },
  ...{ maxAttempts: 3, timeoutMs: 60_000, lastSlot: null },
};

/** Makes one schedule, and gives its id. */
export async function aSchedule(sql: Postgres, of: Partial<NewSchedule> = {}): Promise<string> {
  const name = `site ${randomUUID().slice(0, 8)}`;
  const [made] = await insertSchedules(sql, [{ ...everyFiveSeconds, name, ...of }]);
  if (made === undefined) throw new Error('No schedule was made.');
  return made.scheduleId;
}

const logger = createLogger({ name: 'test', level: 'silent' });
const FIRST = Date.UTC(2026, 0, 1, 12);

interface StoredTask {
  readonly state: string;
  readonly round: number;
  readonly attempt: number;
  readonly token: number;
  readonly result: unknown;
  readonly error: unknown;
}

/** Servers of a test's own, with one schedule whose slots are fired as the test asks. */
export interface TasksWorld extends TasksStore {
  readonly log: AttemptLog;
  readonly settings: ConsumerSettings;
  /** Fires so many slots, and sends their tasks unless that is left out; gives their ids. */
  queued(count: number, how?: { readonly isSent?: boolean }): Promise<string[]>;
  /** The id of a task of the schedule that was never fired. */
  madeUp(): string;
  message(taskId: string): Task;
  attemptOf(taskId: string): Attempt;
  publish(taskIds: readonly string[], round?: number): Promise<void>;
  redrive(taskId: string): Promise<void>;
  worker(handle: (attempt: Attempt) => HandlerOutcome | Promise<HandlerOutcome>): Promise<RunningConsumer>;
  task(taskId: string): Promise<StoredTask>;
  succeed(taskId: string, token: number): Promise<unknown[]>;
  fail(taskId: string, token: number): Promise<boolean[]>;
  /** As what ends its consumer is given up: without an attempt. */
  giveUp(taskId: string, attempt: number): Promise<boolean[]>;
  deadLetters(): Promise<{ message_id: string; reason: string }[]>;
  /** Waits until the broker holds no task. */
  untilEmpty(): Promise<void>;
}

export async function openWorld(): Promise<TasksWorld> {
  const store = await openStore();
  const vhost = await freshVirtualHost();
  const broker = await connectBroker({ url: vhost.url, name: 'test', logger });
  const MONGODB_URL = freshMongoUrl();
  const settings: ConsumerSettings = {
    ...{ ENDPUT_DATABASE_URL: store.url, MONGODB_URL, RABBITMQ_URL: vhost.url, DELAY_STRATEGY: 'wait-queue' },
    RABBITMQ_MANAGEMENT_URL: serverSetting('RABBITMQ_MANAGEMENT_URL'),
    ...{ ATTEMPT_LOG_TTL_SECONDS: 600, RABBITMQ_CONSUMER_TIMEOUT_MS: 1_800_000 },
    ...{ PREFETCH: 100, BATCH_SIZE: 50, ATTEMPT_TIMEOUT_MS: 60_000 },
  };
  const log = mongodbAttemptLog({
    ...{ url: MONGODB_URL, applicationName: 'test', pipeline: tasksPipeline.name, ttlSeconds: 600 },
  });
  const scheduleId = await aSchedule(store.sql);
  await new TaskDays(store.sql).ensure([FIRST]);
  const management = openManagement(settings.RABBITMQ_MANAGEMENT_URL, settings.RABBITMQ_URL);
  await declareTopology(broker, pipelineTopology(tasksPipeline), management, logger);
  const send = createPublisher(broker, { exchange: names.exchange(tasksPipeline), mandatory: true, appId: 't' });
  let next = 0;
  const slots = new Map<string, number>();
  const known = (slot: number) => {
    const taskId = slotTaskId(scheduleId, slot);
    slots.set(taskId, slot);
    return taskId;
  };
  const world: TasksWorld = {
    ...{ ...store, log, settings },
    queued: async (count, { isSent = true } = {}) => {
      const before = next === 0 ? null : FIRST + 5_000 * next;
      const fire = Array.from({ length: count }, () => FIRST + 5_000 * (next += 1));
      for (const slot of fire) known(slot);
      const due = { scheduleId, version: 1, fire, jitterMs: fire.map(() => 0), missed: null };
      const bounds = { decidedBefore: before, decidedUpTo: fire.at(-1) ?? 0 };
      const { taskIds } = await fireSlots(store.sql, [{ ...due, ...bounds }], 'default', []);
      if (isSent) await world.publish([...taskIds]);
      return [...taskIds];
    },
    madeUp: () => known(FIRST + 86_400_000),
    message: (taskId) => {
      const slot = new Date(slots.get(taskId) ?? 0).toISOString();
      return { ...{ taskId, scheduleId, slot, type: 'simulated', payload: {}, timeoutMs: 60_000 } };
    },
    attemptOf: (taskId) => {
      const counted = { round: 1, attempt: 1, maxAttempts: 3 };
      return { pipeline: tasksPipeline.name, ...identityOf(world.message(taskId)), ...counted };
    },
    publish: async (taskIds, round = 1) => {
      const messages = taskIds.map((taskId) => {
        const message = taskMessage({ ...world.message(taskId), lane: 'default', maxAttempts: 3 });
        return { ...message, headers: { ...message.headers, 'x-round': round } };
      });
      expect(new Set(await send(messages))).toEqual(new Set(['confirmed']));
    },
    redrive: async (taskId) => {
      await store.sql.query(`UPDATE dead_letters SET state = 'redriven', round = 2 WHERE message_id = $1`, [taskId]);
      await world.publish([taskId], 2);
    },
    worker: (handle) => {
      const handler: Handler<Task> = { name: 'test', handle: (_, { attempt }) => handle(attempt) };
      return startConsumer({
        ...{ definition: tasksDefinition(handler, 4), settings, logger, metrics: createMetrics({}), worker: 'test' },
        policy: { maxAttempts: 3, delaysMs: [100], timeoutMs: 60_000 },
      });
    },
    task: async (taskId) => {
      const [task] = await store.sql.query<StoredTask>('SELECT * FROM tasks WHERE task_id = $1', [taskId]);
      if (task === undefined) throw new Error(`There is no task ${taskId}.`);
      return task;
    },
    succeed: async (taskId, token) => {
      const success = { attempt: world.attemptOf(taskId), message: world.message(taskId), token, result: {} };
      const answers = await store.sql.transaction((sql) => succeed(sql, [success]));
      return answers.map((answer) => ('result' in answer ? answer.result : answer.refused));
    },
    fail: (taskId, token) => {
      const error = { code: 'busy', message: 'It is busy.' };
      const decision = { kind: 'wait', delayMs: 100, dueAt: new Date(), error } as const;
      const failed = { attempt: world.attemptOf(taskId), message: world.message(taskId), token, decision };
      return taskStates.fail(store.sql, [failed]);
    },
    giveUp: (taskId, attempt) => {
      const error = { code: 'crashed-consumer', message: 'Its consumer ended.' };
      const decision = { kind: 'dead-letter', reason: 'crashed-consumer', error } as const;
      const attempted = { ...world.attemptOf(taskId), attempt };
      return taskStates.fail(store.sql, [
        { attempt: attempted, message: world.message(taskId), token: undefined, decision },
      ]);
    },
    deadLetters: () => store.sql.query('SELECT message_id, reason FROM dead_letters ORDER BY dead_at'),
    untilEmpty: () =>
      vi.waitFor(async () => {
        const { lanes, waiting, returned } = await queueDepths(management, tasksPipeline);
        expect([lanes, waiting, returned]).toEqual([0, 0, 0]);
      }, patient),
    close: async () => {
      await Promise.all([log.close(), broker.close()]);
      await Promise.all([vhost.drop(), store.close()]);
    },
  };
  return world;
}
