import { setTimeout as sleep } from 'node:timers/promises';
import { countDeadLetters } from '@esteira/dead-letters';
import { names } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import { countStored } from '@esteira/orders/endput';
import type { Connections } from '@esteira/cli/connections';
import type { Arena } from './arena.ts';
import type { Hand } from './hand.ts';
import type { Ledger, Sample } from './ledger.ts';
import { isPublished } from './runs.ts';

const SAMPLE_EVERY_MS = 500;
/** The attempt log is counted by reading it: not each time. */
const ATTEMPTS_EVERY = 6;

/** Counts what is where, twice a second, until `signal` fires. A server that is away leaves the last count standing. */
export async function sampleUntil(
  connections: Connections,
  ledger: Ledger,
  onSample: (sample: Sample) => void,
  signal: AbortSignal,
): Promise<void> {
  let known = { rows: 0, stored: 0, dead: 0, attempts: 0 };
  for (let n = 0; !signal.aborted; n += 1) {
    known = await count(connections, known, n % ATTEMPTS_EVERY === 0).catch(() => known);
    const sample = { at: ledger.now(), ...known };
    ledger.samples.push(sample);
    onSample(sample);
    await sleep(SAMPLE_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
}

type Counts = Omit<Sample, 'at'>;

async function count({ systems, endput, attemptLog }: Connections, last: Counts, all: boolean): Promise<Counts> {
  const [stored, dead, logged, ...rows] = await Promise.all([
    countStored(endput),
    endput.query<{ n: number }>(
      `select count(*)::int as n from dead_letters where state = 'dead' and origin is not null`,
    ),
    all ? attemptLog.countByOrigin(ordersPipeline.name) : undefined,
    ...systems.map(({ source }) => source.query<{ n: number }>('select count(*)::int as n from orders')),
  ]);
  return {
    stored: total(stored.values()),
    dead: dead[0]?.n ?? 0,
    attempts: logged === undefined ? last.attempts : total(logged.values()),
    rows: total(rows.map(([row]) => row?.n ?? 0)),
  };
}

const total = (counts: Iterable<number>): number => [...counts].reduce((sum, n) => sum + n, 0);

/** What settling needs. */
export interface SettleOptions {
  readonly arena: Arena;
  readonly connections: Connections;
  readonly hand: Hand;
  /** How long nothing may move before it is given up, in milliseconds. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

/** Waits until nothing moves any more and nothing is left to move; a text says why it never will. */
export async function settled(options: SettleOptions): Promise<string | undefined> {
  let seen = '';
  let since = Date.now();
  for (let calm = 0; calm < 3;) {
    const now = await look(options).catch((error: unknown) => ({ open: 1, seen: String(error) }));
    calm = now.open === 0 && now.seen === seen ? calm + 1 : 0;
    if (now.seen !== seen) since = Date.now();
    seen = now.seen;
    if (Date.now() - since > options.patienceMs) return `Nothing has moved for ${options.patienceMs / 1000} s: ${seen}`;
    await sleep(400, undefined, { signal: options.signal });
  }
  return undefined;
}

/** Rows to publish, messages in queues and unsettled, and what is at rest. */
async function look({ arena, connections, hand }: SettleOptions): Promise<{ open: number; seen: string }> {
  const published = await Promise.all(connections.systems.map(isPublished));
  const behind = published.filter((isDone) => !isDone).length;
  const queued = total((await queueDepths(connections, hand)).values());
  const unsettled = unsettledOf(arena);
  const stored = total((await countStored(connections.endput)).values());
  const dead = await countDeadLetters(connections.endput, ordersPipeline.name);
  const counts = { behind, queued, unsettled, stored, dead };
  return { open: behind + queued + unsettled, seen: JSON.stringify(counts) };
}

/** What the processes have not settled now, over all links. */
export function unsettledOf({ links }: Pick<Arena, 'links'>): number {
  return total(links.flatMap(({ byServer }) => [...byServer.values()].map((link) => link.unsettled())));
}

/** Messages in the queues that must be empty in the end: lanes, waiting for a retry, given up by the broker. Exact. */
export async function queueDepths({ management }: Connections, { broker }: Hand): Promise<Map<string, number>> {
  const lanes = ordersPipeline.lanes.map((lane) => names.lane(ordersPipeline, lane));
  const waits = (await management.queues()).filter(({ name }) => name.startsWith(`${ordersPipeline.name}.wait.`));
  const all = [...lanes, names.returnedQueue(ordersPipeline), ...waits.map(({ name }) => name)];
  const channel = await broker.channel();
  try {
    const depths = new Map<string, number>();
    for (const name of all) depths.set(name, (await channel.checkQueue(name)).messageCount);
    return depths;
  } finally {
    await channel.close().catch(() => undefined); // A channel that broke is closed already.
  }
}
