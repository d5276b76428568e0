import type { JsonValue } from '@esteira/pipeline';
import { Compile, type Validator } from 'typebox/schema';
import { inWords } from './payload-problem.ts';
import type { TaskProblem, TaskType } from './task-type.ts';

/** The types of task that there are. */
export interface TaskTypes {
  readonly all: readonly TaskType[];
  /** By its name or an alias. */
  find(name: string): TaskType | undefined;
  /** Why there is no such task: its type is unknown, or its payload breaks the schema. Undefined where it is one. Pure. */
  problem(name: string, payload: JsonValue): TaskProblem | undefined;
}

/** Two types have one name. The message says which. */
export class TaskTypeTwice extends Error {
  override name = 'TaskTypeTwice';
}

/** @throws TaskTypeTwice where a name or an alias is another's too. */
export function taskTypes(all: readonly TaskType[]): TaskTypes {
  const known = new Map<string, { readonly type: TaskType; readonly payload: Validator }>();
  for (const type of all) {
    const payload = Compile(type.payload);
    for (const name of [type.name, ...(type.aliases ?? [])]) {
      if (known.has(name))
        throw new TaskTypeTwice(`Two types of task are called ${name}: one of them needs another name.`);
      known.set(name, { type, payload });
    }
  }
  return {
    all,
    find: (name) => known.get(name)?.type,
    problem: (name, value) => {
      const found = known.get(name);
      return found === undefined ? unknownType(name, known.keys()) : invalidPayload(found, name, value);
    },
  };
}

function unknownType(name: string, names: Iterable<string>): TaskProblem {
  const message = `There is no type of task called ${name.slice(0, 100)}; there are ${[...names].sort().join(', ')}.`;
  return { code: 'unknown-type', message };
}

function invalidPayload(
  { type, payload }: { readonly type: TaskType; readonly payload: Validator },
  name: string,
  value: JsonValue,
): TaskProblem | undefined {
  const problem = payload.Check(value) ? type.problem?.(value) : inWords(payload.Errors(value)[1]);
  if (problem === undefined) return undefined;
  const { pointer, message } = problem;
  return { code: 'invalid-payload', pointer, message: `The payload of ${name} at "${pointer}" ${message}.` };
}
