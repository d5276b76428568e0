import { settingsPart, urlSetting, type UrlKind } from '@esteira/config';
import { Type } from 'typebox';

const MONGODB: UrlKind = {
  schemes: ['mongodb', 'mongodb+srv'],
  path: 'database',
  hosts: 'several',
  alsoEncoded: /[[\]:]/,
};

/** Where the attempt log is, and how long it remembers. */
export const attemptLogSettings = settingsPart({
  properties: {
    MONGODB_URL: urlSetting(
      'mongodb://127.0.0.1:27017/esteira',
      'MongoDB, for the attempt log. The path names the database.',
    ),
    ATTEMPT_LOG_TTL_SECONDS: Type.Integer({
      default: 600,
      minimum: 1,
      maximum: 2_147_483_647,
      description:
        'How long the attempt log keeps a document, in seconds. A changed value is applied at the next start; in MongoDB that takes the right collMod (role dbAdmin), without which the old age stays.',
    }),
  },
  urlKind: (name) => (name === 'MONGODB_URL' ? MONGODB : undefined),
});
