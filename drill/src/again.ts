import { openRedis } from '@esteira/relay';
import { quiet } from '@esteira/cli/connections';
import type { CheckResult } from './checks/result.ts';
import { resultOf } from './checks/result.ts';
import { copiesOfSome } from './copies.ts';
import type { Chance } from './chance.ts';
import type { Ledger } from './ledger.ts';
import { keepRunning } from './runs.ts';
import { settled, type SettleOptions } from './watch.ts';
import { ordersPipeline } from '@esteira/orders/domain';

export interface AgainOptions extends SettleOptions {
  readonly ledger: Ledger;
  readonly chance: Chance;
}

/** Copies of messages of later attempts that are published beside the first ones. */
const COPIES = 300;

/**
 * Empties Redis when everything is at rest, so that every order is published again, and sends copies of later attempts
 * as well: nothing may change.
 */
export async function publishedAgain(options: AgainOptions): Promise<CheckResult> {
  const { arena, connections, hand, ledger, chance, signal } = options;
  const before = await fingerprint(options);
  const redis = openRedis(arena.settings.REDIS_URL, quiet);
  await redis.script(`return redis.call('FLUSHALL')`, 'any').finally(() => redis.close());
  const copies = await copiesOfSome(connections, COPIES, arena.settings.MAX_ATTEMPTS);
  await hand.publish(copies, signal);
  const running = new AbortController();
  const runs = keepRunning({
    arena,
    connections,
    ledger,
    chance,
    signal: AbortSignal.any([signal, running.signal]),
  });
  const stuck = await settled(options);
  running.abort();
  await runs;
  const after = await fingerprint(options);
  const changed = Object.keys(before).filter((what) => before[what] !== after[what]);
  return resultOf(
    {
      guarantee: 'What is at rest stays as it is: publishing everything again changes nothing, and no attempt is made',
      how: 'Redis was emptied, every order published again with copies of later attempts; digests of all rows and the count of the log were compared',
    },
    Number(before['stored orders']?.split(' ')[0]) + Number(before['dead letters']?.split(' ')[0]),
    [
      ...(stuck === undefined ? [] : [stuck]),
      ...changed.map((what) => `${what}: ${before[what] ?? ''} before, ${after[what] ?? ''} after`),
    ],
  );
}

/** All rows of the endput as a count and a digest each, and how many attempts the log holds. */
async function fingerprint({ connections }: AgainOptions): Promise<Record<string, string>> {
  const { endput, attemptLog } = connections;
  const digest = async (rows: string) => {
    const [row] = await endput.query<{ n: string }>(
      `select count(*) || ' rows, ' || coalesce(md5(string_agg(md5(r::text), '' order by r.message_id)), 'none') as n from (${rows}) as r`,
    );
    return row?.n ?? '';
  };
  const logged = await attemptLog.countByOrigin(ordersPipeline.name);
  return {
    'stored orders': await digest('select * from orders'),
    'dead letters': await digest('select * from dead_letters'),
    'attempts in the log': String([...logged.values()].reduce((sum, n) => sum + n, 0)),
  };
}
