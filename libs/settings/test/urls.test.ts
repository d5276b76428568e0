import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { POSTGRES_URL, SettingsError, urlProblems } from '@esteira/config';
import { allSettings, loadSettings } from '../src/index.ts';

/** Each setting that is a URL: what stands before the account, and what after it. */
const URLS: [setting: string, before: string, after: string][] = [
  ['ENDPUT_DATABASE_URL', 'postgres://', '127.0.0.1:5434/endput'],
  ['TASKS_DATABASE_URL', 'postgres://', '127.0.0.1:5435/tasks'],
  ['SYSTEM1_DATABASE_URL', 'postgresql://', '127.0.0.1:5432/system_1'],
  ['SYSTEM2_DATABASE_URL', 'postgres://', '[::1]/system_2?sslmode=disable'],
  ['REDIS_URL', 'redis://', '127.0.0.1:6379'],
  ['RABBITMQ_URL', 'amqp://', '127.0.0.1:5672/shop%2Fone'],
  ['RABBITMQ_MANAGEMENT_URL', 'http://', '127.0.0.1:15672/rabbit/'],
  ['MONGODB_URL', 'mongodb://', 'a.example:27017,b.example/esteira?replicaSet=r'],
  ['VERIFIER_URL', 'https://', 'verifier.example/verify?key=1'],
];

const text = fc.string({
  unit: fc.constantFrom(...Array.from('/%#?@:&=+$,;!*\'()[]{}|"<>^`~ aZ09é€🙂\n\t\\')),
  minLength: 1,
  maxLength: 12,
});
/** A text with a character that ends an account, or begins an encoding that is none. */
const special = fc
  .tuple(
    fc.stringMatching(/^[a-z0-9]{0,5}$/),
    fc.constantFrom(...Array.from('/#?@%')),
    fc.stringMatching(/^[a-z0-9]{0,5}$/),
  )
  .map((parts) => parts.join(''))
  // A % with two digits of base sixteen after it can't be told from an encoding.
  .filter((all) => !/%[0-9a-f]{2}/i.test(all));

/** What is said of these settings, or nothing. */
/** OWNER_DATABASE_URL is given to one command alone, and is no setting. */
const kindOf = (name: string) => (name === 'OWNER_DATABASE_URL' ? POSTGRES_URL : allSettings.urlKind(name));
const said = (given: Record<string, string>) => urlProblems(given, kindOf).join('\n');

describe.each(URLS)('%s', (setting, before, after) => {
  const withAccount = (user: string, password: string) => ({ [setting]: `${before}${user}:${password}@${after}` });

  it('takes any user and password that are encoded', () => {
    fc.assert(
      fc.property(text, text, (user, password) => {
        expect(said(withAccount(encodeURIComponent(user), encodeURIComponent(password)))).toBe('');
      }),
    );
  });

  it('is handed on as it stands, or ends the start with all other mistakes', () => {
    const env = withAccount('%2F%25', '%23%3F%40');
    const settings = loadSettings(env);
    const [, n] = /^SYSTEM(\d)/.exec(setting) ?? [];
    const value = n === undefined ? settings[setting as 'REDIS_URL'] : settings.systems[Number(n) - 1]?.databaseUrl;
    expect(value).toBe(env[setting]);
    const load = () => loadSettings({ ...withAccount('u', 'sec/ret'), MAX_ATTEMPTS: '0' });
    expect(load).toThrow(SettingsError);
    expect(load).toThrow(new RegExp(`MAX_ATTEMPTS[^]*${setting} has a `));
    expect(load).not.toThrow(/sec|ret@/);
  });

  it('is refused by name where a user or password is not encoded, and neither is told', () => {
    fc.assert(
      fc.property(special, fc.boolean(), (secret, isUser) => {
        const marked = `q9z${secret}z9q`;
        const words = said(isUser ? withAccount(marked, 'p') : withAccount('u', marked));
        expect(words).toMatch(new RegExp(`^${setting} [^\\n]*/ as %2F, % as %25, # as %23, \\? as %3F, @ as %40`));
        expect(words).not.toMatch(/q9z|z9q/);
        expect(words.split('\n')).toHaveLength(1);
      }),
    );
  });

  it.each([
    ['another scheme', `ftp://u:p@${after}`, /does not begin with \w+(\+srv)?:\/\//],
    ['no scheme', `u:p@${after}`, /does not begin with/],
    ['no host', `${before}u:p@/name`, /names no host/],
    ['a port and no host', `${before}u:p@:1234/name`, /names no host/],
    ['a port that is too high', `${before}u:p@h:65536/name`, /host or port.*1 to 65535/],
    ['port 0', `${before}u:p@h:0/name`, /host or port/],
    ['a port that is a word', `${before}u:p@h:port/name`, /host or port/],
    ['a password of digits and a slash', `${before}u:12/34@${after}`, /is not encoded/],
    ['an encoding that is cut off', `${before}u:p%2@${after}`, /% in it that begins no encoded character/],
    ['an encoding that is no UTF-8', `${before}u:%ff@${after}`, /% in it that begins no encoded character/],
    ['a line break', `${before}u:p\nq@${after}`, /line break/],
    ['a fragment', `${before}u:p@${after}#x`, /is not encoded/],
  ])('is refused by name with %s', (_, value, words) => {
    expect(said({ [setting]: value })).toMatch(new RegExp(`^${setting} .*${words.source}`));
  });
});

describe('the path of a URL', () => {
  it.each([
    [
      'MONGODB_URL',
      'mongodb://h:1',
      /^MONGODB_URL names no database: it is the path, mongodb:\/\/host:port\/database$/,
    ],
    ['MONGODB_URL', 'mongodb://h:1/?replicaSet=r', /names no database/],
    ['ENDPUT_DATABASE_URL', 'postgres://u:p@h', /names no database/],
    ['SYSTEM2_DATABASE_URL', 'postgres://u:p@h/', /names no database/],
    ['OWNER_DATABASE_URL', 'postgres://u:p@h', /^OWNER_DATABASE_URL names no database/],
    ['SYSTEM2_DATABASE_URL', 'postgres://u:p@h/a/b', /more than the name of a database/],
    ['RABBITMQ_URL', 'amqp://u:p@h/a/b', /more than the name of a virtual host/],
    ['REDIS_URL', 'redis://h/cursors', /not the number of a database/],
  ])('of %s is what its server takes: not %s', (setting, value, words) => {
    expect(said({ [setting]: value })).toMatch(words);
  });

  it.each([
    ['REDIS_URL', 'redis://:only-a-password@h/3'],
    ['REDIS_URL', 'rediss://h'],
    ['RABBITMQ_URL', 'amqps://u:p@h'],
    ['RABBITMQ_URL', 'amqp://u:p@h/'],
    ['MONGODB_URL', 'mongodb+srv://u:p@cluster.example/esteira?retryWrites=true'],
    ['ENDPUT_DATABASE_URL', 'postgres:///endput?host=/var/run/postgresql'],
    ['VERIFIER_URL', 'http://[::1]:9000/a/b?c=d/e'],
  ])('and the rest of %s may be %s', (setting, value) => {
    expect(said({ [setting]: value })).toBe('');
  });
});
