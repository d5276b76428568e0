import { join } from 'node:path';
import type { Effect } from '@esteira/consumer';
import { atRestView } from '@esteira/dead-letters';
import type { Migrations } from '@esteira/postgres';
import type { Task } from '../message.ts';
import { tasksPipeline } from '../pipeline.ts';
import { succeed, taskStates } from './attempts.ts';

/** Makes the tables of schedules and tasks. */
export const tasksMigrations: Migrations = { name: 'tasks', directory: join(import.meta.dirname, 'migrations') };

/** A task that was done is a row of `tasks` in its last state. */
export const taskEffect: Effect<Task> = {
  atRest: atRestView(tasksPipeline.name),
  migrations: tasksMigrations,
  store: succeed,
  states: taskStates,
};
