import { attemptId, mongodbAttemptLog } from '@esteira/attempt-log';
import {
  atRestView,
  countDeadLetters,
  lockToWriteDeadLetters,
  startJobRunner,
  writeDeadLetters,
  type JobRunner,
  type Redrivable,
} from '@esteira/dead-letters';
import { postgresRegister } from '@esteira/heartbeat';
import type { Logger } from '@esteira/observability';
import { contentId, type OutgoingMessage, type Pipeline } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import { freshMongoUrl } from '@esteira/tests/support';
import { startBoard } from '../src/overview/board.ts';
import { storedSeries } from '../src/overview/series.ts';
import type { ConsolePipeline } from '../src/pipelines/pipeline.ts';
import { countedBooks } from './counted-books.ts';

/** A pipeline that brings as little as one can, and the broker that its redrives go to. */
export interface MinimalPipeline {
  readonly console: ConsolePipeline;
  /** What its redrives have published. */
  readonly sent: OutgoingMessage[];
  /** Writes the dead letter of a row that came in a lane, and its only attempt; its id. */
  dies(row: number, lane: string): Promise<string>;
  /** Something that it accepted, and that is nowhere. */
  loses(key: string): void;
  stop(): Promise<void>;
}

/** A body of it is `{"id"}`; what is stored of it stands in a view of its own. */
export async function minimalPipeline(
  endput: Postgres,
  logger: Logger,
  pipeline: Pipeline,
  title: string,
): Promise<MinimalPipeline> {
  const atRest = atRestView(pipeline.name);
  await endput.query(`CREATE VIEW ${atRest.view} AS
    SELECT NULL::uuid AS message_id, NULL::text AS incarnation, 1 AS round, 1 AS attempts,
           now() AS stored_at WHERE false`);
  const idOf = (key: string) => contentId(Buffer.from(key), pipeline.name);
  const redrivable: Redrivable = {
    pipeline,
    atRest,
    readBody: (body) => {
      const { id } = JSON.parse(Buffer.from(body).toString()) as { id: string };
      return { messageId: idOf(id), origin: 'depot-1', key: id, incarnation: null };
    },
  };
  const board = startBoard(sourcesOf(endput, pipeline), storedSeries(endput, pipeline.name), logger);
  const attemptLog = mongodbAttemptLog({
    ...{ url: freshMongoUrl(), applicationName: 'test', pipeline: pipeline.name, ttlSeconds: 36_000 },
  });
  await attemptLog.prepare();
  const sent: OutgoingMessage[] = [];
  const accepted = new Set<string>();
  const jobs = runnerOf(endput, redrivable, sent);
  return {
    console: {
      ...{ redrivable, title, endput, attemptLog },
      words: { message: title.toLowerCase().slice(0, -1), origin: 'Depot', key: 'Number' },
      retries: { maxAttempts: 2, waitsMs: [0, 1_000] },
      board: () => board,
      collect: () => Promise.resolve(),
      books: countedBooks(endput, pipeline.name, accepted),
      own: { parts: [], tags: [], add: () => undefined },
    },
    sent,
    dies: async (row, lane) => {
      const dead = deadLetterOf(pipeline, lane, row, idOf(String(row)));
      await endput.transaction((tx) => writeDeadLetters(tx, atRest, [dead]), lockToWriteDeadLetters(atRest));
      await attemptLog.record([attemptOf(dead)]);
      accepted.add(dead.messageId);
      return dead.messageId;
    },
    loses: (key) => {
      accepted.add(key);
    },
    stop: async () => {
      await Promise.all([board.stop(), jobs.stop()]);
      await attemptLog.close();
    },
  };
}

const sourcesOf = (endput: Postgres, { name }: Pipeline) => ({
  pipeline: name,
  systems: [],
  consumers: [],
  processes: () => postgresRegister(endput).known(name),
  apis: () => Promise.resolve([]),
  servers: [{ name: 'endput', role: 'endput' as const, check: () => endput.query('SELECT 1') }],
  queues: () => Promise.resolve({ lanes: [], waiting: [], dead_lettered: 0, returned: 0 }),
  openDeadLetters: () => countDeadLetters(endput, name),
  rowToRest: () => Promise.resolve({ p50Ms: null, p99Ms: null, messages: 0 }),
});

const runnerOf = (sql: Postgres, redrivable: Redrivable, sent: OutgoingMessage[]): JobRunner =>
  startJobRunner({
    ...{ sql, redrivable, maxAttempts: 2, maxLaneDepth: 1_000, holder: redrivable.pipeline.name },
    publish: (messages) => {
      sent.push(...messages);
      return Promise.resolve(messages.map(() => 'confirmed' as const));
    },
    laneDepth: () => Promise.resolve(0),
    tidy: () => Promise.resolve(),
    untilPutBack: () => Promise.resolve(),
    onFault: () => undefined,
  });

function deadLetterOf({ name }: Pipeline, lane: string, row: number, messageId: string) {
  const at = new Date('2026-01-01T00:00:01Z');
  const error = { code: `no-${name}`, message: `This is none of the ${name}.` };
  return {
    ...{ messageId, pipeline: name, lane, type: 'sent', origin: 'depot-1', key: String(row), incarnation: null },
    ...{ round: 1, reason: 'attempts-exhausted' as const, error, firstAttemptAt: at, deadAt: at },
    attempts: [{ round: 1, attempt: 1, error, worker: 'w', started_at: at.toISOString(), duration_ms: 1 }],
    body: Buffer.from(JSON.stringify({ id: String(row) })),
    headers: { 'x-max-attempts': 2 },
  };
}

const attemptOf = (dead: ReturnType<typeof deadLetterOf>) => ({
  _id: attemptId(dead.messageId, 1, 1),
  ...{ pipeline: dead.pipeline, type: dead.type, message_id: dead.messageId, round: 1, attempt: 1, max_attempts: 2 },
  ...{ status: 'dead-lettered' as const, info: dead.error.message, error: dead.error, reason: dead.reason },
  ...{ result: null, origin: dead.origin, key: dead.key, incarnation: null, worker: 'w', duration_ms: 1 },
  ...{ started_at: dead.firstAttemptAt, processed_at: new Date() },
});
