// Types of task of your own. Start with them: TASK_TYPES_MODULE=examples/task-types.ts make start
// They run in worker threads: a loop, a crash or an exit in here costs one attempt of one task.
import type { UserTaskType } from '@esteira/tasks/types';

interface Reminder {
  readonly to: string;
  readonly text: string;
}

const remind: UserTaskType = {
  name: 'remind',
  description: 'Writes a reminder.',
  // JSON Schema. A task whose payload breaks it is a dead letter, with the reason; run() never sees it.
  payload: {
    type: 'object',
    properties: { to: { type: 'string', minLength: 1 }, text: { type: 'string' } },
    required: ['to', 'text'],
    additionalProperties: false,
  },
  run({ to, text }: Reminder, { taskId, attempt, maxAttempts }) {
    if (!to.includes('@')) {
      // Never right, however often it is tried: a dead letter at once.
      return { kind: 'dead-letter', error: { code: 'no-address', message: `${to} is no address.` } };
    }
    if (text === '' && attempt < maxAttempts) {
      // May be right later: the next attempt follows after the delay, the last one makes it a dead letter.
      return { kind: 'retry', error: { code: 'no-text', message: 'There is nothing to say yet.' } };
    }
    // The id is the same at each attempt: whoever gets it can tell a copy.
    return { kind: 'succeeded', result: { reminder: `${taskId}: ${text}`, to } };
  },
};

interface Range {
  readonly up_to: number;
}

const primes: UserTaskType = {
  name: 'count-primes',
  aliases: ['primes'],
  description: 'Counts the primes up to a number.',
  payload: {
    type: 'object',
    properties: { up_to: { type: 'integer', minimum: 0, maximum: 100_000_000 } },
    required: ['up_to'],
    additionalProperties: false,
  },
  // It takes as long as it takes, in a thread of its own: nothing else waits for it.
  run({ up_to }: Range) {
    const composite = new Uint8Array(up_to + 1);
    let count = 0;
    for (let n = 2; n <= up_to; n += 1) {
      if (composite[n] === 1) continue;
      count += 1;
      for (let multiple = n * n; multiple <= up_to; multiple += n) composite[multiple] = 1;
    }
    return { kind: 'succeeded', result: { primes: count } };
  },
};

export const taskTypes: readonly UserTaskType[] = [remind, primes];
