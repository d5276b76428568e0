import { useSyncExternalStore } from 'react';

interface Clock {
  readonly now: () => Date;
  /** Always the same function: another one would make React subscribe again at each render. */
  readonly subscribe: (listener: () => void) => () => void;
}

const clocks = new Map<number, Clock>();

/** The time, again every `everyMs`; all that show it share one timer. */
export function useNow(everyMs: number): Date {
  const { subscribe, now } = clockOf(everyMs);
  return useSyncExternalStore(subscribe, now);
}

function clockOf(everyMs: number): Clock {
  const clock = clocks.get(everyMs) ?? clockEvery(everyMs);
  clocks.set(everyMs, clock);
  return clock;
}

function clockEvery(everyMs: number): Clock {
  const listeners = new Set<() => void>();
  let now = new Date();
  let timer: ReturnType<typeof setInterval> | undefined;
  const tick = () => {
    now = new Date();
    for (const tell of listeners) tell();
  };
  return {
    now: () => now,
    subscribe: (listener) => {
      listeners.add(listener);
      if (timer === undefined) {
        now = new Date(); // It stood still while nobody looked.
        timer = setInterval(tick, everyMs);
      }
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}
