import { settingsPart, urlSetting, type UrlKind } from '@esteira/config';
import { Type } from 'typebox';

const REDIS: UrlKind = { schemes: ['redis', 'rediss'], path: 'number' };

/** Where cursors are, and how a source is emptied. */
export const relaySettings = settingsPart({
  properties: {
    REDIS_URL: urlSetting(
      'redis://127.0.0.1:6379',
      'Redis, for the cursors, and for what was asked of the APIs until the history has it. Its eviction policy must be noeviction.',
    ),
    PAGE_SIZE: Type.Integer({
      default: 500,
      minimum: 1,
      maximum: 10_000,
      description:
        'Rows a run reads, publishes and confirms at once; three pages are on their way at a time. The cursor moves by whole pages. Larger ones are no quicker, and keep other requests of the API waiting.',
    }),
    LEASE_MS: Type.Integer({
      default: 15_000,
      minimum: 1_000,
      maximum: 600_000,
      description:
        'A run whose holder is silent for this long, in milliseconds, counts as interrupted: another API of the system, or the same one started again, takes it up.',
    }),
    FOLLOW_POLL_MS: Type.Integer({
      default: 100,
      minimum: 1,
      maximum: 3_600_000,
      description:
        'How often a run that follows its source looks for new rows while none come, in milliseconds; while some come it looks again at once.',
    }),
  },
  urlKind: (name) => (name === 'REDIS_URL' ? REDIS : undefined),
});
