import { CURSOR_STATUSES } from '@esteira/relay';
import { Type, type Static } from 'typebox';
import { count, nullable, text, time } from '../schemas.ts';

const asOf = nullable(time('When this was asked; older than a second where its server is slow or away.'));
const error = nullable(
  Type.String({ description: 'Why it is not known now; what stands beside it is the last answer.' }),
);
const perSecond = Type.Number({ minimum: 0 });

/** What became of messages, as the consumers count it. */
const rates = Type.Object(
  { succeeded: perSecond, retry: perSecond, 'dead-letter': perSecond, skip: perSecond, return: perSecond },
  {
    description: 'Messages per second by outcome. `skip`: at rest already. `return`: given back, no attempt is spent.',
  },
);

/** Of the last minute, from the histograms that consumers expose. */
const quantiles = (what: string) =>
  Type.Object(
    { p50_ms: nullable(Type.Number()), p99_ms: nullable(Type.Number()), count },
    {
      description: `${what} Of the last minute, estimated from the histograms of the consumers that the settings name; null where there were none.`,
    },
  );

const systemSchema = Type.Object(
  {
    name: text,
    cursor: nullable(
      Type.Object({
        status: Type.Enum([...CURSOR_STATUSES]),
        interrupted: Type.Boolean(),
        follow: Type.Boolean({ description: 'Whether the latest run goes on with the rows that come.' }),
        published_count: count,
        last_transaction_id: nullable(text),
        last_id: nullable(text),
        started_at: nullable(text),
        error: nullable(Type.Object({ code: text, message: text })),
      }),
    ),
    run: nullable(
      Type.Object({
        run_id: text,
        phase: Type.Enum(['starting', 'publishing', 'waiting', 'following', 'stopping']),
        waiting_for: nullable(Type.String({ description: 'Why nothing moves.' })),
      }),
    ),
    notice: nullable(Type.String({ description: 'A run lost its cursor; until the next run, stop or clear.' })),
    published_per_second: perSecond,
    behind: nullable(
      Type.Object(
        { rows: count, more: Type.Boolean({ description: 'There are more than `rows`; counting stopped.' }) },
        { description: 'Rows after the cursor, those that are not yet safe to read included.' },
      ),
    ),
    watermark: nullable(
      Type.Object({
        lag_seconds: Type.Number({ description: 'How long it has been held where it is.' }),
        held_by: nullable(
          Type.Object({
            kind: Type.Enum(['backend', 'prepared']),
            pid: nullable(Type.Integer()),
            application: nullable(text),
            gid: nullable(text),
            database: nullable(text),
            age_seconds: nullable(Type.Number()),
          }),
        ),
      }),
    ),
    source_error: nullable(Type.String({ description: 'Why `behind` and `watermark` are not known.' })),
    apis: Type.Array(
      Type.Object({
        name: Type.String({ description: 'With its host and port.' }),
        state: Type.Enum(['up', 'not-ready', 'down']),
        why: nullable(text),
        since: nullable(time('Since when it runs, or was not heard.')),
        holds_run: Type.Boolean({ description: 'Whether the run of the system goes on in this process.' }),
      }),
      { description: 'The processes that serve this API, wherever they run: those that have registered in Redis.' },
    ),
    as_of: asOf,
    error,
  },
  { description: 'A source system, as its API says it stands.' },
);

const queuesSchema = Type.Object(
  {
    lanes: Type.Array(
      Type.Object({
        queue: text,
        ready: count,
        unacked: Type.Integer({ minimum: 0, description: 'Held by consumers. RabbitMQ counts them every 5 s.' }),
        consumers: count,
      }),
    ),
    waiting: Type.Array(
      Type.Object({
        queue: text,
        delay_ms: nullable(Type.Integer({ description: 'Each of its messages is due within this time; null: any.' })),
        messages: count,
      }),
      { description: 'Messages that wait for a retry, by the queue or exchange they wait in.' },
    ),
    dead_lettered: Type.Integer({ minimum: 0, description: 'In the RabbitMQ queue, which mirrors the table.' }),
    returned: Type.Integer({ minimum: 0, description: 'Given up on by the broker, not yet taken by a consumer.' }),
    as_of: asOf,
    error,
  },
  { description: 'What RabbitMQ holds.' },
);

const consumerSchema = Type.Object({
  name: text,
  state: Type.Enum(['working', 'idle', 'waiting', 'not-ready', 'down'], {
    description:
      '`idle`: could handle messages, and there are none. `waiting`: handles none, though there are some. `not-ready`: something that it needs is away. `why` says more.',
  }),
  why: nullable(text),
  since: nullable(time('Since when this console has seen it answer, or not answer.')),
  per_second: rates,
});

/** What servers and apps are for. */
const ROLES = ['source', 'endput', 'redis', 'rabbitmq', 'mongodb', 'api', 'consumer'] as const;

const serverSchema = Type.Object({
  name: text,
  kind: Type.Enum(['server', 'app']),
  role: Type.Enum([...ROLES], { description: 'What it is for: what its outage means depends on that.' }),
  state: Type.Enum(['up', 'down', 'unknown']),
  since: nullable(
    time('Since when this console has seen it up, or down: it may have been so before the console was started.'),
  ),
  error: nullable(text),
});

/** Everything at a glance. */
export const overviewSchema = Type.Object(
  {
    pipeline: text,
    at: time('When this was put together.'),
    systems: Type.Array(systemSchema, { description: 'Where its messages come from, if they are read from systems.' }),
    queues: queuesSchema,
    dead_letters: Type.Object({ open: nullable(count), as_of: asOf, error }, { description: 'In the endput.' }),
    attempts: Type.Object({
      per_second: rates,
      took: quantiles('How long attempts took.'),
      waited: quantiles(
        'How long messages waited from being sent to their first attempt; RabbitMQ tells it to the second.',
      ),
    }),
    row_to_rest: Type.Object(
      {
        p50_ms: nullable(Type.Number()),
        p99_ms: nullable(Type.Number()),
        messages: Type.Integer({ minimum: 0, description: 'How many messages this is taken from.' }),
        as_of: asOf,
        error,
      },
      {
        description:
          'From where they come from to the endput: the messages stored last, of a minute at most. Those older than a day, which were imported with a time of their own, do not count.',
      },
    ),
    consumers: Type.Array(consumerSchema),
    servers: Type.Array(serverSchema),
  },
  { $id: 'Overview', description: 'What runs, how fast, and what stands still. Each part may be unknown by itself.' },
);
export type Overview = Static<typeof overviewSchema>;
export type OutcomeRates = Static<typeof rates>;

/** One point of the charts: 5 s. */
export const pointSchema = Type.Object({
  pipeline: text,
  at: time('The end of its 5 seconds.'),
  systems: Type.Record(text, Type.Object({ behind: nullable(count), published_per_second: perSecond })),
  attempts: rates,
  ready: nullable(count),
  waiting: nullable(count),
  dead_letters: nullable(count),
  p50_ms: nullable(Type.Number()),
  p99_ms: nullable(Type.Number()),
  consumers_up: count,
});
export type Point = Static<typeof pointSchema>;

export const historySchema = Type.Object({
  every_seconds: Type.Integer(),
  points: Type.Array(pointSchema, { description: 'Oldest first. A gap is a time without a console.' }),
});
