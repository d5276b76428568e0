import type { KnownProcess, ProcessState } from './processes.ts';

/** Which process it is. */
export interface Registered {
  readonly pipeline: string;
  /** For example `consumer`. */
  readonly role: string;
  /** The name that it has in its connections too, for example `consumer-1@host`: no two that live have the same. */
  readonly worker: string;
}

/** Where the processes of a store register: in the store itself. Time is the store's own. */
export interface ProcessRegister {
  /**
   * Says that a process lives, and forgets those that are long gone.
   *
   * @param startedAt when it was registered first, as an earlier call answered; null at first
   */
  beat(registered: Registered, startedAt: string | null, state: ProcessState): Promise<string>;
  leave(registered: Registered): Promise<void>;
  /** The processes of a pipeline, wherever they were started, by role and name. */
  known(pipeline: string): Promise<KnownProcess[]>;
}

/** After so many seconds without a beat a process counts as silent: three that did not come. */
export const SILENT_SECONDS = 15;
/** After so many it is forgotten. */
export const GONE_SECONDS = 60;
