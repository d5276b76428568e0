import { setTimeout as sleep } from 'node:timers/promises';
import { openRedis } from '@esteira/relay';
import { quiet } from '@esteira/cli/connections';
import type { Arena } from './arena.ts';
import { copiesOfSome } from './copies.ts';
import type { Fault } from './faults.ts';
import type { Happening } from './ledger.ts';
import { poisonMessage } from './poison.ts';
import type { Stage } from './stage.ts';

type Of<K extends Fault['kind']> = Extract<Fault, { kind: K }>;

/** How often a process may settle everything within the wait after it was aimed at; then it is hit without a wait. */
const MISSES = 3;

/** Makes a fault happen, and resolves when it has passed. Rejects only with `signal`. */
export async function inject(fault: Fault, options: Stage): Promise<void> {
  const { arena, signal } = options;
  switch (fault.kind) {
    case 'kill':
    case 'freeze':
      return hit(fault, options);
    case 'server-kill':
    case 'outage':
      return breakServer(fault, options);
    case 'cut':
    case 'hole': {
      const link = arena.link(fault.link);
      return lasting(fault, options, async () => {
        link.become(fault.kind);
        await sleep(fault.ms, undefined, { signal }).finally(() => {
          link.become('passes');
        });
      });
    }
    case 'refusal':
      return lasting(fault, options, async () => {
        await options.hand.refuseRetries(true, signal);
        // Also when the drill ends early: data that is kept is to be as the pipeline left it.
        await sleep(fault.ms, undefined, { signal }).catch(() => undefined);
        await options.hand.refuseRetries(false, signal.aborted ? AbortSignal.timeout(5_000) : signal);
      });
    case 'copies':
    case 'poison':
      return lasting(fault, options, () => publish(fault, options));
    case 'flush':
      return lasting(fault, options, () => emptyRedis(options));
  }
}

async function lasting(fault: Fault, { ledger }: Stage, work: () => Promise<void>): Promise<void> {
  const happening = ledger.begin(fault);
  await work();
  ledger.end(happening);
}

/** Waits for a moment at which the process has unsettled work, and hits it then. */
async function hit(fault: Of<'kill' | 'freeze'>, options: Stage): Promise<void> {
  const { arena, ledger, chance, signal } = options;
  const process = arena.process(fault.process);
  const broker = arena.link({ process: fault.process, server: 'rabbitmq' });
  let happening: Happening | undefined;
  for (let miss = 0; happening === undefined; miss += 1) {
    await broker.untilUnsettled(signal);
    // Not always at the first frame, nor always just after a start: work is hit at any point of its way.
    if (miss < MISSES) await sleep(chance.between(0, chance.percent(50) ? 40 : 1_500), undefined, { signal });
    const unsettled = broker.unsettled();
    if (unsettled === 0 || !process.running) {
      await sleep(20, undefined, { signal });
      continue;
    }
    process.signal(fault.kind === 'kill' ? 'SIGKILL' : 'SIGSTOP');
    happening = ledger.begin(fault, unsettled);
  }
  if (fault.kind === 'freeze') {
    await sleep(fault.ms, undefined, { signal }).finally(() => {
      process.signal('SIGCONT');
    });
  }
  ledger.end(happening);
}

/** Servers that a fault has in hand: the tracks take turns. */
const broken = new WeakMap<Arena, Map<string, Promise<void>>>();

async function breakServer(fault: Of<'server-kill' | 'outage'>, options: Stage): Promise<void> {
  const { arena, ledger, signal } = options;
  const { servers } = arena;
  const turns = broken.get(arena) ?? new Map<string, Promise<void>>();
  broken.set(arena, turns);
  const before = turns.get(fault.server) ?? Promise.resolve();
  const turn = before.then(async () => {
    await servers.ready(fault.server);
    const happening = ledger.begin(fault);
    if (fault.kind === 'server-kill') await servers.kill(fault.server);
    else {
      await servers.stop(fault.server, fault.how);
      await sleep(fault.ms, undefined, { signal }).catch(() => undefined);
      await servers.start(fault.server);
    }
    await servers.ready(fault.server);
    ledger.end(happening);
  });
  turns.set(fault.server, turn);
  await turn;
}

async function publish(fault: Of<'copies' | 'poison'>, options: Stage): Promise<void> {
  const { arena, connections, hand, ledger, chance, signal } = options;
  if (fault.kind === 'copies') {
    const copies = await untilAnswered(signal, () =>
      copiesOfSome(connections, fault.count, arena.settings.MAX_ATTEMPTS),
    );
    await hand.publish(copies, signal);
    ledger.copies += copies.length;
    return;
  }
  const made = Array.from({ length: fault.count }, (_, n) =>
    poisonMessage(`poison-${ledger.poison.length + n}-${chance.between(0, 1e9)}`, chance),
  );
  ledger.poison.push(...made.map(({ kind, body }) => ({ kind, body })));
  await hand.publish(
    made.map(({ message }) => message),
    signal,
  );
}

async function emptyRedis({ arena, signal }: Stage): Promise<void> {
  const redis = openRedis(arena.settings.REDIS_URL, quiet);
  try {
    await untilAnswered(signal, () => redis.script(`return redis.call('FLUSHALL')`, 'any'));
  } finally {
    await redis.close();
  }
}

/** Asks until there is an answer: a server may be away just now. */
async function untilAnswered<T>(signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch {
      await sleep(250, undefined, { signal });
    }
  }
}
