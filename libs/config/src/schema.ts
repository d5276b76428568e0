import type { RetrySchedule } from '@esteira/pipeline';
import { Type, type Static, type TSchema } from 'typebox';
import type { ApiKey } from './api-keys.ts';
import type { OwnTable } from './own-table.ts';

const port = (value: number, description: string) =>
  Type.Integer({ default: value, minimum: 1, maximum: 65_535, description });

/** What a URL must be is said in urls.ts. */
const url = (value: string, description: string) => Type.String({ default: value, description });

/** The systems there are when nothing is set. */
export const DEFAULT_SYSTEMS = 'system-1,system-2';

/**
 * Every setting of Esteira, declared once: type, default, unit, consequence. `.env.example` and the documents' tables
 * are generated from it. The settings of each system are in {@link systemSettings}.
 */
export const settingsSchema = Type.Object({
  SYSTEMS: Type.String({
    default: DEFAULT_SYSTEMS,
    pattern: '^[a-z0-9][a-z0-9-]{0,30}(,[a-z0-9][a-z0-9-]{0,30})*$',
    description:
      'The source systems, comma-separated. A name is part of every message id: never rename one. A further name adds a system with its own database and API.',
  }),
  HOST: Type.String({
    default: '127.0.0.1',
    description:
      'The address that the APIs, the console and the metrics of the consumers listen on. Without OPERATOR_API_KEYS only a loopback address is taken.',
  }),
  HOST_PUBLISHED_AS: Type.String({
    default: '',
    description:
      "In a container, HOST is the container's own; this is the address of the machine that its ports are published on. Compose sets both.",
  }),
  NODE_ENV: Type.String({
    default: 'development',
    description:
      'production refuses to start without OPERATOR_API_KEYS, and with a password that stands in these documents; Mongo Express is left out then.',
  }),
  OPERATOR_API_KEYS: Type.String({
    default: '',
    description:
      'Who may act, with the console and the APIs: name:key, comma-separated; a key has 16 characters or more. The name stands in the history. The console asks the APIs with the key called console, or else with the first. Without any key there is no sign-in, and everything listens on loopback alone.',
  }),
  VIEWER_API_KEYS: Type.String({ default: '', description: 'Who may only look: name:key, comma-separated.' }),
  SESSION_SECRET: Type.String({
    default: '',
    description:
      'Signs the sessions of the console; 32 characters or more. Without it a restart of the console signs everybody out.',
  }),
  ALLOWED_HOSTS: Type.String({
    default: 'localhost,127.0.0.1,[::1]',
    pattern: '^[A-Za-z0-9._:\\[\\]-]+(,[A-Za-z0-9._:\\[\\]-]+)*$',
    description:
      'The names under which the console, the APIs and the consumers may be asked, comma-separated, without ports. A request with another Host, or from a page with another Origin, is refused: a name of somebody else that points here (DNS rebinding) opens nothing. Keep 127.0.0.1: health is asked there.',
  }),
  TRUSTED_PROXIES: Type.String({
    default: 'loopback',
    description:
      'Who may say for whom a request comes (X-Forwarded-For): addresses and networks of proxies, comma-separated, for example loopback,10.1.2.3,192.168.7.0/24; loopback, linklocal and uniquelocal stand for those networks. Sign-ins and wrong keys are counted by address: behind a proxy that is not named here all people count as one.',
  }),
  ENDPUT_DATABASE_URL: url(
    'postgres://esteira:esteira@127.0.0.1:5434/endput',
    'The output Postgres: stored orders and dead letters.',
  ),
  REDIS_URL: url(
    'redis://127.0.0.1:6379',
    'Redis, for the cursors, and for what was asked of the APIs until the history has it. Its eviction policy must be noeviction.',
  ),
  RABBITMQ_URL: url('amqp://esteira:esteira@127.0.0.1:5672', 'RabbitMQ 3.10 or later. A path names the virtual host.'),
  RABBITMQ_MANAGEMENT_URL: url(
    'http://esteira:esteira@127.0.0.1:15672',
    "RabbitMQ's management API: queue arguments are checked through it, and people look at queues there.",
  ),
  MONGODB_URL: url('mongodb://127.0.0.1:27017/esteira', 'MongoDB, for the attempt log. The path names the database.'),
  MONGO_EXPRESS_PORT: port(8081, 'Where Mongo Express listens.'),
  CONSUMER_PORT: port(8011, 'Health and metrics of the first consumer; each further consumer takes the next port.'),
  CONSOLE_PORT: port(8000, 'The port of the console: the page to open first.'),
  RECONCILE_EVERY_MINUTES: Type.Integer({
    default: 60,
    minimum: 0,
    maximum: 10_080,
    description:
      'How often the console reconciles by itself, in minutes; 0: only when somebody asks. It reads every row, in pieces; the results are kept.',
  }),
  APPS_URL: Type.String({
    default: 'http://127.0.0.1:{port}',
    pattern: '^https?://\\S+$',
    description:
      'Where the console finds the APIs and the consumers; {service} (api-system-1, consumer-1) and {port} are put in. In Compose it is http://{service}:{port}.',
  }),
  MAX_ATTEMPTS: Type.Integer({
    default: 5,
    minimum: 1,
    maximum: 100,
    description: 'How often a message may be attempted before it is dead-lettered. Carried by each message.',
  }),
  RETRY_DELAY_MS: Type.Integer({
    default: 10_000,
    minimum: 1,
    maximum: 86_400_000,
    description:
      'How long a failed message waits, in milliseconds. Each distinct value has a wait queue of its own in RabbitMQ.',
  }),
  RETRY_SCHEDULE: Type.String({
    default: '',
    maxLength: 1_000,
    description:
      'Waits that grow; when set, RETRY_DELAY_MS is not used. A list (1s,10s,1m: the last one stands for all later waits) or exponential:1s..5m (first wait, longest wait, doubled each time; exponential:1s..5m,x3 triples). Each distinct wait has a queue of its own in RabbitMQ.',
  }),
  RETRY_JITTER: Type.Number({
    default: 0,
    minimum: 0,
    maximum: 1,
    description:
      'By which share a wait may come out longer, 0 to 1, so that what failed together does not come back together: with 0.2, 10 s come out between 10 and 12 s. Needs DELAY_STRATEGY=delayed-exchange: in a wait queue all wait equally long.',
  }),
  VERIFIER: Type.Enum(['simulated', 'http', 'module'], {
    default: 'simulated',
    description:
      'Who decides about an order: the built-in failure simulation, a service (VERIFIER_URL), or a TypeScript or JavaScript file (VERIFIER_MODULE).',
  }),
  VERIFIER_URL: Type.String({
    default: '',
    description:
      'For VERIFIER=http: each message is sent here by POST. 2xx is a success, 400 and 422 a dead letter at once, anything else or a time-out a retry; Retry-After is honoured up to the longest wait. While the service is plainly down, or answers every message that it is the wrong address, method or user, nothing is consumed and no attempt is spent. No redirect is followed. User and password in it are sent as basic authentication.',
  }),
  VERIFIER_CONCURRENCY: Type.Integer({
    default: 32,
    minimum: 1,
    maximum: 1_024,
    description: 'For VERIFIER=http: the most requests that one consumer has open at once.',
  }),
  VERIFIER_MODULE: Type.String({
    default: '',
    description:
      'For VERIFIER=module: the path of a file that exports verify(message, context), as examples/verifier.ts does. It runs in worker threads: a loop, a crash or an exit in it costs one attempt of one message.',
  }),
  VERIFIER_THREADS: Type.Integer({
    default: 2,
    minimum: 1,
    maximum: 64,
    description: 'For VERIFIER=module: worker threads of one consumer. Each runs one attempt at a time.',
  }),
  VERIFIER_MEMORY_MB: Type.Integer({
    default: 256,
    minimum: 16,
    maximum: 16_384,
    description: 'For VERIFIER=module: the heap that a thread may use, in MB. More ends the thread and the attempt.',
  }),
  ATTEMPT_TIMEOUT_MS: Type.Integer({
    default: 30_000,
    minimum: 1,
    maximum: 900_000,
    description:
      'The longest one attempt may take, in milliseconds. An attempt that runs out of time is spent. With VERIFIER=http or module a consumer takes no more messages ahead than it can attempt within 15 minutes if all run out of time, since RabbitMQ takes back what is not acked after 30 (its consumer_timeout): the shorter the limit, the larger the batches.',
  }),
  DELAY_STRATEGY: Type.Enum(['auto', 'wait-queue', 'delayed-exchange'], {
    default: 'auto',
    description:
      'How a retry waits. wait-queue works on every broker; delayed-exchange needs the plugin and keeps one unreplicated copy. auto is wait-queue.',
  }),
  ATTEMPT_LOG_TTL_SECONDS: Type.Integer({
    default: 600,
    minimum: 1,
    maximum: 2_147_483_647,
    description:
      'How long the attempt log keeps a document, in seconds. A changed value is applied at the next start; in MongoDB that takes the right collMod (role dbAdmin), without which the old age stays.',
  }),
  MAX_LANE_DEPTH: Type.Integer({
    default: 500_000,
    minimum: 1,
    description: 'Publishing pauses while a lane holds more messages than this, so that the broker stays small.',
  }),
  CONSUMERS: Type.Integer({
    default: 1,
    minimum: 1,
    maximum: 32,
    description: 'How many consumer processes run. One fills two cores; more help where the verifier is slow.',
  }),
  PAGE_SIZE: Type.Integer({
    default: 500,
    minimum: 1,
    maximum: 10_000,
    description:
      'Rows a run reads, publishes and confirms at once; three pages are on their way at a time. The cursor moves by whole pages. Larger ones are no quicker, and keep other requests of the API waiting.',
  }),
  BATCH_SIZE: Type.Integer({
    default: 1_000,
    minimum: 1,
    maximum: 10_000,
    description: 'The most messages a consumer handles at once. A batch closes earlier when nothing more is waiting.',
  }),
  PREFETCH: Type.Integer({
    default: 4_000,
    minimum: 1,
    maximum: 65_535,
    description:
      'Messages RabbitMQ hands a consumer ahead of its acks, at most: fewer where the verifier may be slow (see ATTEMPT_TIMEOUT_MS). Below twice the batch size it slows down.',
  }),
  LEASE_MS: Type.Integer({
    default: 15_000,
    minimum: 1_000,
    maximum: 600_000,
    description:
      'A run whose holder is silent for this long, in milliseconds, counts as interrupted: another API of the system, or the same one started again, takes it up.',
  }),
  FOLLOW_POLL_MS: Type.Integer({
    default: 100,
    minimum: 1,
    maximum: 3_600_000,
    description:
      'How often a run that follows its source looks for new rows while none come, in milliseconds; while some come it looks again at once.',
  }),
  SHUTDOWN_MS: Type.Integer({
    default: 10_000,
    minimum: 100,
    maximum: 600_000,
    description:
      'The longest a process may take to finish what is in flight when it is asked to stop, in milliseconds.',
  }),
  LOG_LEVEL: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
    default: 'info',
    description: 'The least level that is logged. debug has a line for each message.',
  }),
});

/** The settings of the n-th system (1-based), for example `SYSTEM1_API_PORT`. */
export function systemSettings(n: number, system: string): Record<string, TSchema> {
  const postgresPort = n <= 2 ? 5431 + n : 5432 + n;
  return {
    [`SYSTEM${n}_API_PORT`]: port(8000 + n, `The port of the API of ${system}.`),
    [`SYSTEM${n}_DATABASE_URL`]: url(
      `postgres://esteira:esteira@127.0.0.1:${postgresPort}/${system.replaceAll('-', '_')}`,
      `The operational Postgres of ${system}.`,
    ),
    [`SYSTEM${n}_TABLE`]: Type.String({
      default: '',
      description: `A table of your own that ${system} reads in place of orders, for example shop.purchases. Nothing but what npm run -s esteira -- prepare-source adds is ever written to it.`,
    }),
    [`SYSTEM${n}_COLUMNS`]: Type.String({
      default: '',
      description: `Which columns of SYSTEM${n}_TABLE are what, for example id=order_no,product=title,price=amount,created_at=placed_at,security_check=approved. What is not named has its own name; without security_check every row counts as checked.`,
    }),
  };
}

/** One source: an operational Postgres and the API in front of it. */
export interface System {
  readonly name: string;
  readonly apiPort: number;
  readonly databaseUrl: string;
  /** The user's own table; absent where the system has the table `orders` that Esteira makes. */
  readonly ownTable?: OwnTable;
}

/**
 * All settings, checked and frozen. `systems` is made from `SYSTEMS` and the settings of each, `apiKeys` from
 * `OPERATOR_API_KEYS` and `VIEWER_API_KEYS`, `retrySchedule` from
 * `RETRY_SCHEDULE` or `RETRY_DELAY_MS`.
 */
export type Settings = Readonly<Static<typeof settingsSchema>> & {
  readonly systems: readonly System[];
  /** Who may use the APIs and the console; none: whoever is on this machine. */
  readonly apiKeys: readonly ApiKey[];
  readonly retrySchedule: RetrySchedule;
};
