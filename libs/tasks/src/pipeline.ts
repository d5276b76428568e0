import type { Pipeline } from '@esteira/pipeline';

/** Work that is due by the clock, or handed in by a program. */
export const tasksPipeline: Pipeline = {
  name: 'tasks',
  types: [{ name: 'task.due', schemaVersion: 1 }],
  lanes: ['default'],
};
