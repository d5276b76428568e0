import { join } from 'node:path';
import type { Migrations } from '@esteira/postgres';

/** The table of processes, in the store they work on. */
export const heartbeatMigrations: Migrations = {
  name: 'heartbeat',
  directory: join(import.meta.dirname, 'migrations'),
};
