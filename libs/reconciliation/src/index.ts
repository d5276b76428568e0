import { join } from 'node:path';
import type { Migrations } from '@esteira/postgres';

export * from './archivings.ts';
export * from './books.ts';
export * from './classify.ts';
export * from './clear.ts';
export * from './differences.ts';
export * from './export.ts';
export * from './join.ts';
export * from './judge.ts';
export * from './kept/books.ts';
export * from './kept/claim.ts';
export * from './kept/export-kept.ts';
export * from './kept/keep.ts';
export * from './kept/kept.ts';
export * from './kept/read.ts';
export * from './kept/republish-kept.ts';
export * from './kept/regularly.ts';
export * from './memory/archivings.ts';
export * from './memory/kept-memory.ts';
export * from './memory/memory.ts';
export * from './reconcile.ts';
export * from './report.ts';
export * from './republish.ts';
export * from './rows.ts';
export * from './settle.ts';
export * from './watch.ts';

/** Makes the tables of kept reconciliations, in the endput. */
export const reconciliationMigrations: Migrations = {
  name: 'reconciliation',
  directory: join(import.meta.dirname, 'migrations'),
};
