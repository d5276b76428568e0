import { portSetting, settingsPart } from '@esteira/config';
import { Type } from 'typebox';

/** Where the pages for people are, and where they find the apps. */
export const placesSettings = settingsPart({
  properties: {
    MONGO_EXPRESS_PORT: portSetting(8081, 'Where Mongo Express listens.'),
    CONSOLE_PORT: portSetting(8000, 'The port of the console: the page to open first.'),
    APPS_URL: Type.String({
      default: 'http://127.0.0.1:{port}',
      pattern: '^https?://\\S+$',
      description:
        'Where the console finds the APIs and the consumers; {service} (api-system-1, consumer-1) and {port} are put in. In Compose it is http://{service}:{port}.',
    }),
  },
});
