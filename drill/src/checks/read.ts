import { names } from '@esteira/messaging';
import { ordersPipeline } from '@esteira/orders/domain';
import { ordersTable } from '@esteira/orders/source';
import { rowsBehind } from '@esteira/postgres-source';
import { positionOf } from '@esteira/relay';
import type { Connections } from '@esteira/cli/connections';
import type { Arena } from '../arena.ts';
import type { Hand } from '../hand.ts';
import { queueDepths, unsettledOf } from '../watch.ts';

/** What is left on the way, exactly: in the queues that must be empty in the end, and with the processes. */
export async function queuesLeft(arena: Arena, connections: Connections, hand: Hand): Promise<Map<string, number>> {
  return new Map([...(await queueDepths(connections, hand)), ['the hands of the processes', unsettledOf(arena)]]);
}

/** Rows after the cursor of each system. */
export async function rowsLeft({ systems }: Connections): Promise<Map<string, number>> {
  const left = systems.map(async ({ name, source, cursor }): Promise<[string, number]> => [
    name,
    (await rowsBehind(source, ordersTable, positionOf(await cursor.read()))).rows,
  ]);
  return new Map(await Promise.all(left));
}

/** The distinct ids in the queue of dead letters. The messages stay there. */
export async function mirroredIds({ broker }: Hand): Promise<Set<string>> {
  const channel = await broker.channel();
  const ids = new Set<string>();
  for (;;) {
    const message = await channel.get(names.deadLetterQueue(ordersPipeline));
    if (message === false) break;
    ids.add(String(message.properties.messageId));
  }
  // Closing gives back what was looked at.
  await channel.close();
  return ids;
}

/** Rows of imports in the sources: how many, and how many distinct, by system and tag. */
export async function importsFound({ systems }: Connections): Promise<Map<string, { rows: number; distinct: number }>> {
  const found = await Promise.all(
    systems.map(async ({ name, source }) => {
      const tags = await source.query<{ tag: string; rows: number; distinct: number }>(
        `select split_part(product, ' ', 1) as tag, count(*)::int as rows, count(distinct product)::int as distinct
           from orders where product like 'import-%' group by 1`,
      );
      return tags.map(({ tag, rows, distinct }): [string, { rows: number; distinct: number }] => [
        `${name} ${tag}`,
        { rows, distinct },
      ]);
    }),
  );
  return new Map(found.flat());
}

const MARK = 'rolled-back%';

/** Where the mark of rolled back rows is found. */
export async function tracesOfRolledBack({ systems, endput }: Connections): Promise<{ store: string; rows: number }[]> {
  const count = async (store: string, ask: Promise<{ n: number }[]>) => ({ store, rows: (await ask)[0]?.n ?? 0 });
  return Promise.all([
    ...systems.map(({ name, source }) =>
      count(name, source.query(`select count(*)::int as n from orders where product like $1`, [MARK])),
    ),
    count('endput', endput.query(`select count(*)::int as n from orders where product like $1`, [MARK])),
    count(
      'dead letters',
      endput.query(
        `select count(*)::int as n from dead_letters
          where origin is not null and convert_from(body, 'utf8')::jsonb #>> '{order,product}' like $1`,
        [MARK],
      ),
    ),
  ]);
}
