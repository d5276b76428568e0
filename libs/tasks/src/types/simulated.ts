import { setTimeout } from 'node:timers/promises';
import type { JsonValue } from '@esteira/pipeline';
import { Type } from 'typebox';
import { defineTaskType, type TaskType } from './task-type.ts';

const payload = Type.Object(
  {
    duration_ms: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 86_400_000, description: 'How long each attempt takes, in milliseconds.' }),
    ),
    fails: Type.Optional(Type.Integer({ minimum: 0, description: 'How many attempts fail before one succeeds.' })),
    dies: Type.Optional(Type.Boolean({ description: 'Whether the task is a dead letter at its first attempt.' })),
    returns: Type.Optional(Type.Unknown({ description: 'The result, when it succeeds.' })),
  },
  { additionalProperties: false },
);

/** For demos and drills: takes as long, fails as often, dies or succeeds as its payload says. */
export const simulated: TaskType = defineTaskType({
  name: 'simulated',
  description: 'Waits, fails, dies or succeeds as it is told: for demos and drills.',
  payload,
  run: async ({ duration_ms = 0, fails = 0, dies = false, returns }, { attempt: { attempt }, signal }) => {
    if (duration_ms > 0) await setTimeout(duration_ms, undefined, { signal });
    if (dies) {
      return {
        kind: 'dead-letter',
        error: { code: 'simulated-death', message: 'Simulated death: as the payload says.' },
      };
    }
    if (attempt <= fails) {
      const message = `Simulated failure: this task succeeds at attempt ${fails + 1}.`;
      return { kind: 'retry', error: { code: 'simulated-failure', message } };
    }
    return returns === undefined ? { kind: 'succeeded' } : { kind: 'succeeded', result: returns as JsonValue };
  },
});
