import { ModuleUnloadable } from '@esteira/handlers';
import { httpCall } from './http/call.ts';
import { httpCheck } from './http/check.ts';
import { openHttpClient } from './http/client.ts';
import { openTaskTypesModule, type TaskTypesModule, type TaskTypesModuleOptions } from './module/open.ts';
import { taskTypes, TaskTypeTwice, type TaskTypes } from './registry.ts';
import { simulated } from './simulated.ts';

/** The types of task of a process, and what they hold open. */
export interface OpenTaskTypes extends TaskTypes {
  close(): Promise<void>;
}

/**
 * The types that Esteira has, and those of a user's module where there is one.
 *
 * @throws ModuleUnloadable when the module can't be loaded, its types are none, or one has the name of another.
 */
export async function openTaskTypes(module?: TaskTypesModuleOptions): Promise<OpenTaskTypes> {
  const own: TaskTypesModule = module === undefined ? NO_MODULE : await openTaskTypesModule(module);
  const client = openHttpClient();
  const close = async (): Promise<void> => {
    await Promise.all([own.close(), client.close()]);
  };
  try {
    return { ...taskTypes([httpCheck({ client }), httpCall({ client }), simulated, ...own.types]), close };
  } catch (error) {
    await close();
    if (!(error instanceof TaskTypeTwice)) throw error;
    throw new ModuleUnloadable(`The module ${module?.path ?? ''} can't be used: ${error.message}`, { cause: error });
  }
}

const NO_MODULE: TaskTypesModule = { types: [], close: () => Promise.resolve() };
