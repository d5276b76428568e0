import { fileURLToPath } from 'node:url';
import type { Migrations } from '@esteira/postgres';

/** The tables of a source. */
export const sourceMigrations: Migrations = {
  name: 'orders_source',
  directory: fileURLToPath(new URL('migrations', import.meta.url)),
};
