import { Type } from 'typebox';
import { settingsPart } from './part.ts';

/** How a process ends. */
export const runningSettings = settingsPart({
  properties: {
    SHUTDOWN_MS: Type.Integer({
      default: 10_000,
      minimum: 100,
      maximum: 600_000,
      description:
        'The longest a process may take to finish what is in flight when it is asked to stop, in milliseconds.',
    }),
  },
});
