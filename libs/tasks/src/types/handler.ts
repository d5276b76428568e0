import type { Handler, HandlerContext, HandlerOutcome } from '@esteira/pipeline';
import type { TaskTypes } from './registry.ts';
import { TaskDeadline } from './task-deadline.ts';
import type { Task } from '../message.ts';
import type { TaskType } from './task-type.ts';

/**
 * Does tasks: each by the type that it names, within its own time limit. A task of an unknown type, or whose payload
 * breaks the schema, is a dead letter at once: it can be edited and redriven.
 */
export function tasksHandler(types: TaskTypes): Handler<Task> {
  return {
    name: 'tasks',
    handle: (message, context) => {
      const problem = types.problem(message.type, message.payload);
      const type = types.find(message.type);
      if (type !== undefined && problem === undefined) return inSlot(type, message, context);
      const { code, message: why } = problem ?? { code: 'unknown-type', message: `No type ${message.type}.` };
      return { kind: 'dead-letter', error: { code, message: why } };
    },
  };
}

function inSlot(type: TaskType, message: Task, context: HandlerContext): Promise<HandlerOutcome> {
  const attempt = (): Promise<HandlerOutcome> => attempted(type, message, context);
  return type.slots === undefined ? attempt() : type.slots.execute(attempt, context.signal);
}

async function attempted(
  type: TaskType,
  { payload, ...task }: Task,
  { attempt, signal }: HandlerContext,
): Promise<HandlerOutcome> {
  const deadline = new TaskDeadline(task.timeoutMs, signal);
  try {
    return await type.run(payload, { ...task, attempt, signal: deadline.signal });
  } catch (error) {
    if (deadline.passed) {
      const message = `The attempt took longer than the ${task.timeoutMs} ms that the task has.`;
      return { kind: 'retry', error: { code: 'timeout', message } };
    }
    return {
      kind: 'retry',
      error: { code: 'task-threw', message: error instanceof Error ? error.message : String(error) },
    };
  } finally {
    deadline.clear();
  }
}
