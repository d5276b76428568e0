import type { Sql } from '@esteira/postgres';
import { revokeClaim } from './kept/claim.ts';

/** Removes all reconciliations of a pipeline, and what they remember: that of rows which are gone too. */
export async function clearReconciliations(endput: Sql, pipeline: string): Promise<void> {
  for (const table of ['reconciliation_days', 'reconciliation_rows']) {
    await endput.query(
      `DELETE FROM ${table} WHERE reconciliation IN (SELECT id FROM reconciliations WHERE pipeline = $1)`,
      [pipeline],
    );
  }
  for (const table of ['reconciliations', 'watched_rows', 'republished_rows', 'archivings']) {
    await endput.query(`DELETE FROM ${table} WHERE pipeline = $1`, [pipeline]);
  }
  // Last: tables of an earlier release, which has no leases, are emptied all the same.
  await revokeClaim(endput, pipeline);
}
