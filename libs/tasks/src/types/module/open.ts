import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ModuleUnloadable, openModuleHandler } from '@esteira/handlers';
import type { Attempt, Handler, HandlerOutcome } from '@esteira/pipeline';
import { bulkhead } from 'cockatiel';
import { Compile } from 'typebox/schema';
import { inWords } from '../payload-problem.ts';
import type { TaskSlots, TaskType } from '../task-type.ts';
import { describedTypes, type DescribedTypes, type ToThread } from './protocol.ts';
import { schemaProblem } from './schema-problem.ts';

/** The longest a module may take to say which types it has, in milliseconds. */
const LOAD_TIMEOUT_MS = 30_000;
/** What there is of an attempt while the types are asked for. */
const NO_ATTEMPT: Attempt = {
  ...{ pipeline: 'tasks', messageId: '', origin: '', key: '', incarnation: null },
  ...{ round: 1, attempt: 1, maxAttempts: 1 },
};

/** A thread gets its message whole. */
const NO_BODY = new Uint8Array();

/** Which module has types of task, and what it is given. */
export interface TaskTypesModuleOptions {
  /** A TypeScript or JavaScript file that exports `taskTypes` (`UserTaskType`), relative to the working directory. */
  readonly path: string;
  /** Worker threads; each makes one attempt at a time. Tasks wait for one, and their time begins when they have it. */
  readonly threads: number;
  /** The heap that a thread may use, in MB. */
  readonly memoryMb: number;
  /** How long an attempt may go on after its signal fired, in milliseconds, before its thread is ended. */
  readonly graceMs?: number;
}

/** The types of a module, as long as its threads run. */
export interface TaskTypesModule {
  readonly types: readonly TaskType[];
  close(): Promise<void>;
}

/**
 * The types of task of a user's own, each attempt in a worker thread under a watchdog, see `openModuleHandler`.
 *
 * @throws ModuleUnloadable when the module can't be loaded, or its types are none.
 */
export async function openTaskTypesModule(options: TaskTypesModuleOptions): Promise<TaskTypesModule> {
  const module = resolve(options.path);
  const handler = await openModuleHandler<ToThread>({
    ...options,
    role: 'task',
    path: fileURLToPath(new URL('./thread.ts', import.meta.url)),
    exportName: 'doTask',
    contextOf: () => ({}),
  });
  const close = async (): Promise<void> => {
    await handler.close?.();
  };
  try {
    const described = await Promise.all(Array.from({ length: options.threads }, () => typesOf(handler, module)));
    const slots = bulkhead(options.threads, Number.POSITIVE_INFINITY);
    return { types: (described[0] ?? []).map((type) => typeOf(type, { handler, module, slots })), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One of the types, whose attempts are made in the threads. */
function typeOf(
  { name, aliases = [], description = 'A type of a module.', payload }: DescribedTypes[number],
  {
    handler,
    module,
    slots,
  }: { readonly handler: Handler<ToThread>; readonly module: string; readonly slots: TaskSlots },
): TaskType {
  return {
    ...{ name, aliases, description, payload, slots },
    run: (given, { attempt: core, signal, ...task }) => {
      const { attempt, maxAttempts, round } = core;
      const message = { module, task: { payload: given, run: { ...task, attempt, maxAttempts, round } } };
      return handler.handle(message, { attempt: core, signal, body: NO_BODY });
    },
  };
}

/** Which types a module has, as one of the threads says that loads it. */
async function typesOf(handler: Handler<ToThread>, module: string): Promise<DescribedTypes> {
  const signal = AbortSignal.timeout(LOAD_TIMEOUT_MS);
  const said = await handler.handle({ module }, { attempt: NO_ATTEMPT, signal, body: NO_BODY });
  if (said.kind !== 'succeeded') throw unloadable(module, signal.aborted ? NOT_READY : whyOf(said));
  const types = said.result;
  const validator = Compile(describedTypes);
  if (!validator.Check(types)) {
    const { pointer, message } = inWords(validator.Errors(types)[1]);
    throw unloadable(module, `its taskTypes at "${pointer}" ${message}`);
  }
  for (const { name, payload } of types) {
    const problem = schemaProblem(payload);
    if (problem !== undefined) throw unloadable(module, `the payload of ${name} is no JSON Schema: ${problem}`);
  }
  return types;
}

const NOT_READY = `it is not ready after ${LOAD_TIMEOUT_MS / 1_000} s`;

function whyOf(outcome: Exclude<HandlerOutcome, { kind: 'succeeded' }>): string {
  return outcome.kind === 'return' ? outcome.fault.message : outcome.error.message;
}

function unloadable(module: string, why: string): ModuleUnloadable {
  return new ModuleUnloadable(`The module ${module} can't be loaded: ${why.replace(/\.$/, '')}.`);
}
