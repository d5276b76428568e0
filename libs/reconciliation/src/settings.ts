import { settingsPart } from '@esteira/config';
import { Type } from 'typebox';

/** When it is reconciled without being asked. */
export const reconciliationSettings = settingsPart({
  properties: {
    RECONCILE_EVERY_MINUTES: Type.Integer({
      default: 60,
      minimum: 0,
      maximum: 10_080,
      description:
        'How often the console reconciles by itself, in minutes; 0: only when somebody asks. It reads every row, in pieces; the results are kept.',
    }),
  },
});
