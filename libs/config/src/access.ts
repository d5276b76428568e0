import { Type } from 'typebox';
import { parseApiKeys, type ApiKey } from './api-keys.ts';
import { settingsPart } from './part.ts';
import { unsafeSettings } from './safety.ts';

/** Where a process listens, and who may ask it. */
export const accessSettings = settingsPart({
  properties: {
    HOST: Type.String({
      default: '127.0.0.1',
      description:
        'The address that the APIs, the console and the metrics of the consumers listen on. Without OPERATOR_API_KEYS only a loopback address is taken.',
    }),
    HOST_PUBLISHED_AS: Type.String({
      default: '',
      description:
        "In a container, HOST is the container's own; this is the address of the machine that its ports are published on. Compose sets both.",
    }),
    NODE_ENV: Type.String({
      default: 'development',
      description:
        'production refuses to start without OPERATOR_API_KEYS, and with a password that stands in these documents; Mongo Express is left out then.',
    }),
    OPERATOR_API_KEYS: Type.String({
      default: '',
      description:
        'Who may act, with the console and the APIs: name:key, comma-separated; a key has 16 characters or more. The name stands in the history. The console asks the APIs with the key called console, or else with the first. Without any key there is no sign-in, and everything listens on loopback alone.',
    }),
    VIEWER_API_KEYS: Type.String({ default: '', description: 'Who may only look: name:key, comma-separated.' }),
    SESSION_SECRET: Type.String({
      default: '',
      description:
        'Signs the sessions of the console; 32 characters or more. Without it a restart of the console signs everybody out.',
    }),
    ALLOWED_HOSTS: Type.String({
      default: 'localhost,127.0.0.1,[::1]',
      pattern: '^[A-Za-z0-9._:\\[\\]-]+(,[A-Za-z0-9._:\\[\\]-]+)*$',
      description:
        'The names under which the console, the APIs and the consumers may be asked, comma-separated, without ports. A request with another Host, or from a page with another Origin, is refused: a name of somebody else that points here (DNS rebinding) opens nothing. Keep 127.0.0.1: health is asked there.',
    }),
    TRUSTED_PROXIES: Type.String({
      default: 'loopback',
      description:
        'Who may say for whom a request comes (X-Forwarded-For): addresses and networks of proxies, comma-separated, for example loopback,10.1.2.3,192.168.7.0/24; loopback, linklocal and uniquelocal stand for those networks. Sign-ins and wrong keys are counted by address: behind a proxy that is not named here all people count as one.',
    }),
  },
  problems: (given, all) => unsafeSettings(all, given),
  derived: (_, given): { apiKeys: readonly ApiKey[] } => ({
    // Who may use the APIs and the console; none: whoever is on this machine.
    apiKeys: parseApiKeys(given['OPERATOR_API_KEYS'] ?? '', given['VIEWER_API_KEYS'] ?? '').keys,
  }),
});
