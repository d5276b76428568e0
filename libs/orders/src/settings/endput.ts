import { POSTGRES_URL, settingsPart, urlSetting } from '@esteira/config';

/** Where orders come to rest. */
export const endputSettings = settingsPart({
  properties: {
    ENDPUT_DATABASE_URL: urlSetting(
      'postgres://esteira:esteira@127.0.0.1:5434/endput',
      'The output Postgres: stored orders and dead letters.',
    ),
  },
  urlKind: (name) => (name === 'ENDPUT_DATABASE_URL' ? POSTGRES_URL : undefined),
});
