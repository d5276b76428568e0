import { setTimeout as sleep } from 'node:timers/promises';
import { inject } from './inject.ts';
import type { Track } from './schedule.ts';
import type { Stage } from './stage.ts';

/** Faults that are going on, and how far they are. */
export interface Conduct {
  /** Faults that have passed, and all there are. */
  progress(): { passed: number; total: number };
  /** Resolves when the last one has passed; rejects when one can't be made to happen. What was broken is mended then. */
  readonly done: Promise<void>;
}

/** Starts all tracks, side by side. */
export function conduct(tracks: readonly Track[], options: Stage): Conduct {
  const total = tracks.reduce((sum, { steps }) => sum + steps.length, 0);
  let passed = 0;
  const done = together(options.signal, (signal) =>
    tracks.map(async ({ name, steps }) => {
      const chance = options.chance.fork(name);
      for (const { afterMs, fault } of steps) {
        await sleep(afterMs, undefined, { signal });
        await inject(fault, { ...options, chance, signal });
        passed += 1;
      }
    }),
  );
  return { progress: () => ({ passed, total }), done };
}

/**
 * Does works side by side and waits for all of them to their very ends. When one fails the others are told by the
 * signal, and the first failure is thrown once all have ended.
 */
export async function together(
  signal: AbortSignal,
  begin: (signal: AbortSignal) => readonly Promise<void>[],
): Promise<void> {
  const failed = new AbortController();
  const works = begin(AbortSignal.any([signal, failed.signal])).map((work) =>
    work.catch((error: unknown) => {
      failed.abort(error);
    }),
  );
  await Promise.all(works);
  failed.signal.throwIfAborted();
}
