import { join } from 'node:path';
import type { Migrations } from '@esteira/postgres';

export * from './actions.ts';
export * from './asked-actions.ts';
export * from './at-rest.ts';
export * from './clear.ts';
export * from './dead-letter.ts';
export * from './edit.ts';
export * from './export.ts';
export * from './filter.ts';
export * from './groups.ts';
export * from './jobs/commands.ts';
export * from './jobs/job.ts';
export * from './jobs/runner.ts';
export type { JobRunnerOptions } from './jobs/running-job.ts';
export { MOST_SELECTED, type Selection } from './jobs/selection.ts';
export { isOneOfKeys, ORDER_OF_KEYS } from './keys.ts';
export * from './list.ts';
export * from './look-up.ts';
export * from './mirrors.ts';
export * from './page.ts';
export * from './preview.ts';
export * from './recall.ts';
export * from './redrivable.ts';
export * from './redriven.ts';
export * from './stored-dead-letter.ts';
export * from './supersede.ts';
export * from './trials.ts';
export { soughtWords } from './words.ts';
export * from './write.ts';

/** Makes the table of dead letters, in the endput. */
export const deadLetterMigrations: Migrations = {
  name: 'dead_letters',
  directory: join(import.meta.dirname, 'migrations'),
};
