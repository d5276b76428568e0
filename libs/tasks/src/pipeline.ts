import type { Pipeline } from '@esteira/pipeline';

/** The longest an attempt of a task may take, in milliseconds; a schedule's `timeout_ms` is not longer. */
export const LONGEST_TASK_MS = 900_000;

/** Work that is due by the clock, or handed in by a program. */
export const tasksPipeline: Pipeline = {
  name: 'tasks',
  types: [{ name: 'task.due', schemaVersion: 1 }],
  lanes: ['default'],
};
