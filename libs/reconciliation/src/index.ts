import { join } from 'node:path';
import type { Migrations } from '@esteira/postgres';

export * from './classify.ts';
export * from './export.ts';
export * from './join.ts';
export * from './kept/claim.ts';
export * from './kept/export-kept.ts';
export * from './kept/keep.ts';
export * from './kept/kept.ts';
export * from './kept/read.ts';
export * from './kept/republish-kept.ts';
export * from './kept/schedule.ts';
export * from './reconcile.ts';
export * from './report.ts';
export * from './republish.ts';
export * from './rows.ts';

/** Makes the tables of kept reconciliations, in the endput. */
export const reconciliationMigrations: Migrations = {
  name: 'reconciliation',
  directory: join(import.meta.dirname, 'migrations'),
};
