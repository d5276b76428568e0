import { settingsPart } from '@esteira/config';
import { Type } from 'typebox';

/** What is logged. */
export const logSettings = settingsPart({
  properties: {
    LOG_LEVEL: Type.Enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], {
      default: 'info',
      description: 'The least level that is logged. debug has a line for each message.',
    }),
  },
});
