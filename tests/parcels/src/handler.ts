import type { Handler } from '@esteira/pipeline';
import type { Parcel } from './parcel.ts';

/** Weighs a parcel. One without any weight ends the process, as a bug in native code would. */
export const scales: Handler<Parcel> = {
  name: 'scales',
  handle: ({ grams, restless = 0 }, { attempt }) => {
    if (grams === 0) process.kill(process.pid, 'SIGKILL');
    if (grams > 30_000)
      return { kind: 'dead-letter', error: { code: 'too-heavy', message: `${grams} g: 30 kg at most` } };
    if (attempt.attempt <= restless) return { kind: 'retry', error: { code: 'restless', message: 'The scales move.' } };
    return { kind: 'succeeded', result: { grams } };
  },
};
