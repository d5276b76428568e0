import { pathToFileURL } from 'node:url';
import type { HandlerOutcome, JsonValue } from '@esteira/pipeline';
import type { ToThread } from './protocol.ts';
import type { UserTaskType } from './user-type.ts';

/**
 * The inside of a worker thread of `openTaskTypesModule`: loads the user's module once, says which types it has, and
 * makes one attempt after the other.
 */
let loaded: Promise<readonly UserTaskType[]> | undefined;
let failures = 0;

export async function doTask(
  { module, task }: ToThread,
  { signal }: { readonly signal: AbortSignal },
): Promise<HandlerOutcome> {
  let types: readonly UserTaskType[];
  try {
    types = await (loaded ??= load(module));
  } catch (error) {
    loaded = undefined;
    failures += 1;
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'return', fault: { code: 'task-unloadable', message } };
  }
  if (task === undefined) return { kind: 'succeeded', result: types.map(described) };
  const { payload, run } = task;
  const type = types.find(({ name, aliases = [] }) => name === run.type || aliases.includes(run.type));
  if (type !== undefined) return type.run(payload, { ...run, signal });
  return {
    kind: 'return',
    fault: { code: 'task-unloadable', message: `The module has no type ${run.type} any more.` },
  };
}

async function load(path: string): Promise<readonly UserTaskType[]> {
  // What could not be loaded is remembered by its address.
  const href = `${pathToFileURL(path).href}${failures === 0 ? '' : `?again=${failures}`}`;
  const module = (await import(href)) as Record<string, unknown>;
  const types = module['taskTypes'] ?? module['default'];
  if (!Array.isArray(types))
    throw new Error('it exports no list taskTypes of { name, payload, run(payload, context) }');
  const broken = types.findIndex((type) => typeof (type as Partial<UserTaskType> | null)?.run !== 'function');
  if (broken !== -1) throw new Error(`number ${broken + 1} of its taskTypes has no function run(payload, context)`);
  return types as UserTaskType[];
}

/** What of a type can leave the thread. */
function described({ name, aliases, description, payload }: UserTaskType): JsonValue {
  return { name, aliases, description, payload } as unknown as JsonValue;
}
