import { join } from 'node:path';
import { deadLetterMigrations } from '@esteira/dead-letters';
import { heartbeatMigrations } from '@esteira/heartbeat';
import { endputMigrations } from '@esteira/orders/endput';
import type { Migrations } from '@esteira/postgres';
import { reconciliationMigrations } from '@esteira/reconciliation';

/** What the console reads and writes in the endput: its own notes, and the tables that consumers make too. */
export const consoleMigrations: readonly Migrations[] = [
  endputMigrations,
  deadLetterMigrations,
  heartbeatMigrations,
  reconciliationMigrations,
  { name: 'console', directory: join(import.meta.dirname, 'migrations') },
];
