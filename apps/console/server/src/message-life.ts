import type { AttemptDocument, AttemptLog } from '@esteira/attempt-log';
import { getDeadLetter, type StoredDeadLetter } from '@esteira/dead-letters';
import { ordersPipeline } from '@esteira/orders/domain';
import { storedOrders, type StoredOrder } from '@esteira/orders/endput';
import { sourceOrders, type SourceTable } from '@esteira/orders/source';
import { rowIdOf } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';
import { Type, type Static } from 'typebox';
import { letter } from './dead-letter-schemas.ts';
import { explained } from './overview/sampled.ts';
import { letterOf } from './letter-view.ts';
import { bigint, failure, messageId, nullable, text } from './schemas.ts';

const orderMembers = { product: text, price: text, security_check: Type.Boolean() };
const round = Type.Object({
  round: Type.Integer(),
  made: Type.Integer({ description: 'Attempts that are known to have been made.' }),
  attempts: Type.Array(
    Type.Object({
      attempt: Type.Integer(),
      status: Type.Enum(['succeeded', 'failed', 'dead-lettered', 'invalid']),
      error: nullable(failure),
      worker: nullable(text),
      started_at: nullable(text),
      duration_ms: nullable(Type.Number()),
      processed_at: nullable(
        Type.String({ description: 'Null where the log has expired: the dead letter remembers.' }),
      ),
    }),
    { description: 'Those that somebody still remembers.' },
  ),
  expired: Type.Integer({ description: 'Attempts of which nothing but their number is left.' }),
});

/** What is known of a message. */
export const lifeSchema = Type.Object({
  message_id: messageId,
  system: nullable(text),
  source_id: nullable(bigint),
  source: nullable(
    Type.Object(
      { id: bigint, ...orderMembers, created_at: text, transaction_id: text },
      { description: 'As it stands now.' },
    ),
  ),
  source_error: nullable(Type.String({ description: 'Why the source could not be asked.' })),
  stored: nullable(
    Type.Object({
      ...orderMembers,
      source_created_at: text,
      round: Type.Integer(),
      attempts: Type.Integer({ description: 'The attempt of that round at which it succeeded.' }),
      stored_at: text,
    }),
  ),
  dead_letter: nullable(letter),
  rounds: Type.Array(round),
  log_error: nullable(Type.String({ description: 'Why the log of attempts could not be asked.' })),
});
type Life = Static<typeof lifeSchema>;
type Round = Static<typeof round>;

/** Where a life is read. */
export interface LifePlaces {
  readonly endput: Postgres;
  readonly attemptLog: Pick<AttemptLog, 'ofMessages'>;
  readonly systems: readonly { readonly name: string; readonly source: Postgres; readonly table: SourceTable }[];
}

/** Puts together what source, endput, dead letters and log know of a message; undefined where none knows it. */
export async function lifeOf({ endput, attemptLog, systems }: LifePlaces, id: string): Promise<Life | undefined> {
  const [[stored], dead, log] = await Promise.all([
    storedOrders(endput, [id]),
    getDeadLetter(endput, ordersPipeline.name, id),
    orWhyNot(attemptLog.ofMessages([id])),
  ]);
  const found = originOf(id, systems, dead);
  const source = systems.find(({ name }) => name === found.system);
  const row =
    source === undefined || found.sourceId === null
      ? { value: undefined, error: null }
      : await orWhyNot(sourceOrders(source.source, [found.sourceId], source.table));
  const sourceRow = row.value?.[0];
  const attempts = log.value ?? [];
  if (stored === undefined && dead === undefined && sourceRow === undefined && attempts.length === 0) return undefined;
  return {
    message_id: id,
    system: found.system,
    source_id: found.sourceId,
    source: sourceRow ?? null,
    source_error: row.error,
    stored: stored === undefined ? null : storedView(stored),
    dead_letter: dead === undefined ? null : letterOf(dead),
    rounds: roundsOf(attempts, stored, dead),
    log_error: log.error,
  };
}

/** One that is away is said to be; the others tell what they know. */
async function orWhyNot<T>(asked: Promise<T>): Promise<{ value: T | undefined; error: string | null }> {
  try {
    return { value: await asked, error: null };
  } catch (error) {
    return { value: undefined, error: explained(error) };
  }
}

/** The row a message was made of: by its id, or as its dead letter remembers. */
function originOf(id: string, systems: LifePlaces['systems'], dead: StoredDeadLetter | undefined) {
  for (const { name: system } of systems) {
    const sourceId = rowIdOf(id, ordersPipeline.name, system);
    if (sourceId !== undefined) return { system, sourceId };
  }
  return { system: dead?.system ?? null, sourceId: dead?.sourceId ?? null };
}

function storedView({ product, price, security_check, source_created_at, round, attempts, stored_at }: StoredOrder) {
  return { product, price, security_check, source_created_at, round, attempts, stored_at };
}

/** The attempts by round, each once: the log knows most, the dead letter remembers longer. Pure. */
export function roundsOf(
  log: readonly AttemptDocument[],
  stored: Pick<StoredOrder, 'round' | 'attempts'> | undefined,
  dead: Pick<StoredDeadLetter, 'attempts'> | undefined,
): Round[] {
  const rounds = new Map<number, Map<number, Round['attempts'][number]>>();
  const attemptsOf = (number: number) => {
    const attempts = rounds.get(number) ?? new Map<number, Round['attempts'][number]>();
    rounds.set(number, attempts);
    return attempts;
  };
  for (const { round: number, attempt, error, worker, started_at, duration_ms } of dead?.attempts ?? []) {
    attemptsOf(number).set(attempt, {
      ...{ attempt, status: 'failed', error, worker, started_at, duration_ms },
      processed_at: null,
    });
  }
  for (const { round: number, attempt, status, error, worker, started_at, duration_ms, processed_at } of log) {
    attemptsOf(number).set(attempt, {
      ...{ attempt, status, error, worker, duration_ms },
      started_at: started_at.toISOString(),
      processed_at: processed_at.toISOString(),
    });
  }
  if (stored !== undefined) attemptsOf(stored.round);
  return [...rounds]
    .sort(([one], [other]) => one - other)
    .map(([number, known]) => {
      const attempts = [...known.values()].sort((one, other) => one.attempt - other.attempt);
      const made = Math.max(attempts.at(-1)?.attempt ?? 0, stored?.round === number ? stored.attempts : 0);
      return { round: number, made, attempts, expired: Math.max(0, made - attempts.length) };
    });
}
