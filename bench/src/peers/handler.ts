import { attemptId, mongodbAttemptLog, type AttemptDocument, type AttemptLog } from '@esteira/attempt-log';
import type { Settings } from '@esteira/settings';
import { ordersPipeline, type OrderMessage } from '@esteira/orders/domain';
import { simulatedVerifier } from '@esteira/orders/verifiers';
import { attemptInfo } from '@esteira/pipeline';
import { openPostgres, type Postgres } from '@esteira/postgres';
import { coalescer } from './coalescer.ts';
import type { Attempted, Handler, Mode } from './peer.ts';

/** How a peer's jobs are handled. */
export interface HandlerOptions {
  readonly mode: Mode;
  readonly maxAttempts: number;
  readonly retryDelayMs: number;
}

const MOST_CONNECTIONS = 20;
const ORIGIN = { system: 'system-1', database: 'system_1', schema: 'public', table: 'orders' };

/**
 * What every peer does with a job, leaner than Esteira where that is possible: it is verified by the same function,
 * stored in the same table by one statement that recognises copies (nothing is recalled first, and no transaction is
 * opened around it), logged by the same code with `{w: 'majority', j: true}`, and only then acked. So a worker that is
 * killed loses nothing, as in Esteira.
 */
export function openHandler(settings: Settings, { mode, maxAttempts, retryDelayMs }: HandlerOptions): Handler {
  const max = MOST_CONNECTIONS;
  const endput = openPostgres({ url: settings.ENDPUT_DATABASE_URL, applicationName: 'bench peer', max });
  const log = mongodbAttemptLog({
    url: settings.MONGODB_URL,
    applicationName: 'bench peer',
    pipeline: ordersPipeline.name,
    ttlSeconds: settings.ATTEMPT_LOG_TTL_SECONDS,
  });
  const together = (batch: readonly Attempted[]) => handleTogether(batch, maxAttempts, endput, log);
  const alone = async (attempted: Attempted) => (await together([attempted]))[0] ?? false;
  const one = mode === 'coalesced' ? coalescer(together) : alone;
  const all = mode === 'coalesced' ? together : (batch: readonly Attempted[]) => Promise.all(batch.map(alone));
  return { mode, retryDelayMs, one, all };
}

async function handleTogether(
  batch: readonly Attempted[],
  maxAttempts: number,
  endput: Postgres,
  log: AttemptLog,
): Promise<boolean[]> {
  const startedAt = new Date();
  const outcomes = await Promise.all(batch.map((one) => verify(one, maxAttempts)));
  const succeeded = batch.filter((_, index) => outcomes[index] === true);
  if (succeeded.length > 0) await endput.query(INSERT, [JSON.stringify(succeeded.map(rowOf))]);
  await log.record(batch.map((one, index) => documentOf(one, maxAttempts, outcomes[index] === true, startedAt)));
  return outcomes;
}

async function verify({ job, attempt }: Attempted, maxAttempts: number): Promise<boolean> {
  const { message_id, attempts_required, order } = job;
  const processing = { attempts_required, max_attempts: maxAttempts };
  const message: OrderMessage = { message_id, processing, origin: ORIGIN, order };
  const from = { origin: ORIGIN.system, key: order.id, incarnation: order.created_at };
  const made = { messageId: message_id, pipeline: ordersPipeline.name, ...from };
  const context = { attempt: { ...made, attempt, maxAttempts, round: 1 }, signal: NEVER, body: NOTHING };
  return (await simulatedVerifier.verify(message, context)).kind === 'succeeded';
}

const NEVER = new AbortController().signal;
const NOTHING = new Uint8Array();

const INSERT = `
  INSERT INTO orders (message_id, system, source_id, product, price, security_check, source_created_at, round, attempts)
  SELECT (o ->> 'message_id')::uuid, 'system-1', (o ->> 'id')::bigint, o ->> 'product', (o ->> 'price')::numeric(12,2),
         (o ->> 'security_check')::boolean, (o ->> 'created_at')::timestamptz, 1, (o ->> 'attempt')::int
    FROM jsonb_array_elements($1::jsonb) AS o
  ON CONFLICT DO NOTHING`;

const rowOf = ({ job, attempt }: Attempted) => ({ message_id: job.message_id, attempt, ...job.order });

function documentOf({ job, attempt }: Attempted, maxAttempts: number, succeeded: boolean, startedAt: Date) {
  const status = succeeded ? 'succeeded' : 'failed';
  const processedAt = new Date();
  const document: AttemptDocument & { order: unknown } = {
    _id: attemptId(job.message_id, 1, attempt),
    pipeline: ordersPipeline.name,
    type: ordersPipeline.types[0].name,
    message_id: job.message_id,
    round: 1,
    attempt,
    max_attempts: maxAttempts,
    status,
    info: attemptInfo(status, attempt, maxAttempts),
    error: succeeded ? null : { code: 'simulated-failure', message: 'Simulated failure.' },
    reason: null,
    result: null,
    origin: ORIGIN,
    order: job.order,
    worker: 'bench peer',
    started_at: startedAt,
    duration_ms: processedAt.getTime() - startedAt.getTime(),
    processed_at: processedAt,
  };
  return document;
}
