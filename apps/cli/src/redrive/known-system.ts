import type { Settings } from '@esteira/settings';
import { listDeadLetters, type DeadLetterFilter } from '@esteira/dead-letters';
import { ordersPipeline } from '@esteira/orders/domain';
import type { Postgres } from '@esteira/postgres';
import { Refused } from '../refused.ts';

/**
 * Known are the systems of SYSTEMS, and those that there are dead letters of, in any state.
 *
 * @throws Refused where a filter means another system.
 */
export async function knownSystem(
  endput: Postgres,
  { origin: system }: DeadLetterFilter,
  systems: Settings['systems'],
): Promise<void> {
  const names = systems.map(({ name }) => name);
  if (system === undefined || names.includes(system)) return;
  const { items } = await listDeadLetters(endput, ordersPipeline.name, { filter: { origin: system }, limit: 1 });
  if (items.length > 0) return;
  throw new Refused(
    `FILTER: there is no system ${system}, and no dead letter of one. The systems are ${names.join(', ')}.`,
  );
}
