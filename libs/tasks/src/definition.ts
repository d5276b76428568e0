import type { Definition, LaneOptions } from '@esteira/consumer';
import type { Redrivable } from '@esteira/dead-letters';
import type { Handler } from '@esteira/pipeline';
import { readTask, taskCodec, type Task } from './message.ts';
import { tasksPipeline } from './pipeline.ts';
import { taskEffect } from './store/effect.ts';

/** What tasks bring to their workers. @param concurrency how many run at once in a worker */
export const tasksDefinition = (handler: Handler<Task>, concurrency: number): Definition<Task> => ({
  pipeline: tasksPipeline,
  codec: taskCodec,
  handler,
  effect: taskEffect,
  lanes: Object.fromEntries(
    tasksPipeline.lanes.map((lane): [string, LaneOptions] => [lane, { mode: 'each', concurrency }]),
  ),
  subject: { name: 'task', of: ({ type, payload }) => ({ type, payload }) },
});

/** How dead letters of tasks are read and sent again. */
export const redrivableTasks: Redrivable = {
  pipeline: tasksPipeline,
  atRest: taskEffect.atRest,
  readBody: (body) => {
    const read = readTask(body);
    return 'failure' in read ? { problem: read.failure } : read.identity;
  },
};
