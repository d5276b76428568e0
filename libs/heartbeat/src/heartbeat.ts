import { setTimeout as sleep } from 'node:timers/promises';
import type { ProcessState } from './processes.ts';
import type { ProcessRegister, Registered } from './register.ts';

/** How a heartbeat goes. */
export interface HeartbeatOptions {
  /** What the process says of itself. A rejection is what it can't do its work for. */
  readonly state: () => Promise<ProcessState>;
  /** Hears why the store did not take a beat: once, until one is taken again. */
  readonly onFault: (error: unknown) => void;
  readonly everyMs?: number;
}

/** A registration that is kept up. */
export interface Heartbeat {
  /** Takes the process off the list. Never rejects: what the store did not take is removed by the others. */
  stop(): Promise<void>;
}

/** How often, in milliseconds. */
const EVERY_MS = 5_000;
/** The longest a process waits to be taken off the list when it ends, in milliseconds. */
const GOODBYE_MS = 1_000;

/** Registers this process in the store it works on, at once and then every 5 s, until it is stopped. */
export function startHeartbeat(
  register: ProcessRegister,
  registered: Registered,
  options: HeartbeatOptions,
): Heartbeat {
  const stopping = new AbortController();
  const beating = beat(register, registered, options, stopping.signal);
  const leave = () => register.leave(registered).catch(() => undefined); // The others forget it soon.
  return {
    stop: async () => {
      stopping.abort();
      // A store that hangs keeps nobody from ending.
      await Promise.race([beating.then(leave), sleep(GOODBYE_MS, undefined, { ref: false })]);
    },
  };
}

async function beat(
  register: ProcessRegister,
  registered: Registered,
  { state, onFault, everyMs = EVERY_MS }: HeartbeatOptions,
  signal: AbortSignal,
): Promise<void> {
  let startedAt: string | null = null;
  let isTold = false;
  while (!signal.aborted) {
    try {
      startedAt = await register.beat(registered, startedAt, await state());
      isTold = false;
    } catch (error) {
      if (!isTold) onFault(error);
      isTold = true;
    }
    await sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined); // Stopped: the loop sees it.
  }
}
