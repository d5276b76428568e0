import { join } from 'node:path';
import { deadLetterMigrations } from '@esteira/dead-letters';
import { heartbeatMigrations } from '@esteira/heartbeat';
import type { Migrations } from '@esteira/postgres';

/** What the console reads and writes in the endput for any pipeline: its own notes, and tables that consumers make too. */
export const consoleMigrations: readonly Migrations[] = [
  deadLetterMigrations,
  heartbeatMigrations,
  { name: 'console', directory: join(import.meta.dirname, 'migrations') },
];
