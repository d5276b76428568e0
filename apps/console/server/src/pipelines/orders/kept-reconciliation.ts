import { noSuch } from '@esteira/http';
import { ordersPipeline } from '@esteira/orders/domain';
import { UUID } from '@esteira/pipeline';
import type { Sql } from '@esteira/postgres';
import { getReconciliation, type KeptReconciliation } from '@esteira/reconciliation';
import { Type } from 'typebox';
import { closed } from '../../schemas.ts';

export const noReconciliation = noSuch('reconciliation');

export const byId = Type.Object(
  {
    id: Type.String({
      title: 'the id of a reconciliation (a UUID, lower case)',
      pattern: UUID.source,
      description: 'Of a reconciliation.',
    }),
  },
  closed,
);

/** A kept reconciliation of orders. @throws noReconciliation */
export async function kept(endput: Sql, id: string): Promise<KeptReconciliation> {
  const found = await getReconciliation(endput, ordersPipeline.name, id);
  if (found === undefined) throw noReconciliation(`There is no reconciliation ${id}; the last 20 are kept.`);
  return found;
}
