import type { Settings } from '@esteira/settings';
import { reconcileOrders } from '@esteira/orders/reconciliation';
import { migrate } from '@esteira/postgres';
import { reconciliationMigrations, type Reconciliation, type UnrestedRow } from '@esteira/reconciliation';
import type { Connections } from '../connections.ts';
import { printProgress } from '../terminal.ts';

/** Reconciles in this process. What earlier reconciliations have left to know is in tables that it makes where they are not. */
export async function reconcileHere(
  settings: Pick<Settings, 'ENDPUT_DATABASE_URL'>,
  connections: Connections,
  hear: { readonly onRow?: (row: UnrestedRow) => void } = {},
): Promise<Reconciliation> {
  await migrate(settings.ENDPUT_DATABASE_URL, reconciliationMigrations);
  const onLogFault = (error: unknown) => {
    printProgress(`Which rows are missing is a guess, how many is not: MongoDB does not answer (${String(error)}).`);
  };
  return reconcileOrders({ ...connections, onLogFault }, hear);
}
