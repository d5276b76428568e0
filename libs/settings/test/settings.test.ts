import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envExample, readEnvFile, SettingsError, settingsTable } from '@esteira/config';
import { allSettings, loadSettings, processSettings, settingsEntries } from '../src/index.ts';

const documents = allSettings.documents();

describe('settings', () => {
  it('have a default each, two systems among them', () => {
    const settings = loadSettings({});
    expect(settings.MAX_ATTEMPTS).toBe(5);
    expect(settings.systems).toEqual([
      { name: 'system-1', apiPort: 8001, databaseUrl: 'postgres://esteira:esteira@127.0.0.1:5432/system_1' },
      { name: 'system-2', apiPort: 8002, databaseUrl: 'postgres://esteira:esteira@127.0.0.1:5433/system_2' },
    ]);
    expect(Object.isFrozen(settings)).toBe(true);
  });

  it('take a third system by its name alone', () => {
    const { systems } = loadSettings({ SYSTEMS: 'system-1,system-2,north', SYSTEM3_API_PORT: '9000' });
    expect(systems[2]).toEqual({
      name: 'north',
      apiPort: 9000,
      databaseUrl: 'postgres://esteira:esteira@127.0.0.1:5435/north',
    });
  });

  it('report all mistakes at once, without their values', () => {
    const load = () => loadSettings({ MAX_ATTEMPTS: 'many', RETRY_DELAY_MS: '0', DELAY_STRATEGY: 'sleep-secret' });
    expect(load).toThrow(SettingsError);
    expect(load).toThrow(/MAX_ATTEMPTS.*\n.*RETRY_DELAY_MS.*\n.*DELAY_STRATEGY.*wait-queue/);
    expect(load).not.toThrow(/sleep-secret/);
  });

  it('report what only several settings together have wrong, with everything else, without their values', () => {
    const load = () =>
      loadSettings({
        MAX_ATTEMPTS: 'many',
        RETRY_SCHEDULE: 'now,and-secret',
        RETRY_JITTER: '0.5',
        VERIFIER: 'http',
      });
    expect(load).toThrow(/MAX_ATTEMPTS.*\n.*RETRY_SCHEDULE.*\n.*RETRY_JITTER needs DELAY_STRATEGY.*\n.*VERIFIER_URL/);
    expect(load).not.toThrow(/secret/);
    expect(() => loadSettings({ VERIFIER: 'module' })).toThrow(/VERIFIER_MODULE/);
    expect(() => loadSettings({ VERIFIER: 'http', VERIFIER_URL: 'ftp://a/b' })).toThrow(/VERIFIER_URL/);
    expect(() => loadSettings({ RETRY_JITTER: '0.5', DELAY_STRATEGY: 'delayed-exchange' })).not.toThrow();
  });

  it('count an empty value as not set', () => {
    expect(loadSettings({ MAX_ATTEMPTS: '' }).MAX_ATTEMPTS).toBe(5);
  });

  it('read a secret from the file that NAME_FILE names', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'esteira-')), 'url');
    writeFileSync(file, 'postgres://a:b@127.0.0.1:1/x\n');
    expect(loadSettings({ ENDPUT_DATABASE_URL_FILE: file }).ENDPUT_DATABASE_URL).toBe('postgres://a:b@127.0.0.1:1/x');
    expect(() => loadSettings({ ENDPUT_DATABASE_URL_FILE: `${file}.gone` })).toThrow(/ENDPUT_DATABASE_URL_FILE/);
  });

  it('take a byte order mark, line ends and space around the value of a file for no part of it', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'esteira-')), 'url');
    for (const text of [
      'amqp://a:b@h',
      'amqp://a:b@h\n',
      'amqp://a:b@h\r\n\r\n',
      '\uFEFFamqp://a:b@h\r\n',
      ' amqp://a:b@h\t',
    ]) {
      writeFileSync(file, text);
      expect(loadSettings({ RABBITMQ_URL_FILE: file }).RABBITMQ_URL, JSON.stringify(text)).toBe('amqp://a:b@h');
    }
  });

  it('name the file that a value came from, or that gave none, and never what is in it', () => {
    const directory = mkdtempSync(join(tmpdir(), 'esteira-'));
    const written = (name: string, content: string | Buffer) => {
      writeFileSync(join(directory, name), content);
      return join(directory, name);
    };
    const bad = written('bad', 'amqp://a:sec/ret@h\n');
    const key = written('key', 'ana:short-secret');
    const empty = written('empty', '\uFEFF\r\n');
    const utf16 = written('utf16', Buffer.from('\uFEFFredis://h', 'utf16le'));
    const bare16 = written('bare16', Buffer.from('redis://h', 'utf16le'));
    const load = (env: Record<string, string>) => () => loadSettings(env);
    expect(load({ RABBITMQ_URL_FILE: bad })).toThrow(
      `RABBITMQ_URL, read from ${bad}, has a character in it that is not`,
    );
    expect(load({ RABBITMQ_URL_FILE: bad })).not.toThrow(/sec|ret@/);
    expect(load({ OPERATOR_API_KEYS_FILE: key })).toThrow(
      `OPERATOR_API_KEYS, read from ${key}, has a key of less than`,
    );
    expect(load({ MAX_ATTEMPTS_FILE: bad })).toThrow(`MAX_ATTEMPTS, read from ${bad}, must be integer`);
    expect(load({ REDIS_URL_FILE: empty })).toThrow(`REDIS_URL_FILE names a file that is empty: ${empty}`);
    for (const file of [utf16, bare16])
      expect(load({ REDIS_URL_FILE: file })).toThrow(
        `REDIS_URL_FILE names a file that is not text in UTF-8 (PowerShell`,
      );
    expect(load({ REDIS_URL_FILE: directory })).toThrow(`can't be read (EISDIR): ${directory}`);
    expect(load({ REDIS_URL_FILE: `${empty}/x` })).toThrow(`can't be read (ENOTDIR): ${empty}/x`);
    expect(load({ REDIS_URL_FILE: `${empty}.gone` })).toThrow(`is not there: ${empty}.gone`);
  });

  it('show no secret that was written where the name of its file belongs', () => {
    for (const secret of ['amqp://a:b@h', 'ana:0123456789abcdef', 'c2VjcmV0', '/c2Vj+mV0=']) {
      const load = () => loadSettings({ SESSION_SECRET_FILE: secret });
      expect(load).toThrow(/SESSION_SECRET_FILE names a file that is not there: \(not shown/);
    }
  });

  it('of an env file may begin with a byte order mark', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'esteira-')), 'env');
    writeFileSync(file, '\uFEFFMAX_ATTEMPTS=7\r\nBATCH_SIZE=10\r\n');
    const { MAX_ATTEMPTS, BATCH_SIZE } = loadSettings(readEnvFile(file));
    expect([MAX_ATTEMPTS, BATCH_SIZE]).toEqual([7, 10]);
  });

  it('of a later layer win, by name or by file, and one layer names a setting once', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'esteira-')), 'url');
    writeFileSync(file, 'redis://file:1');
    const [byName, byFile] = [{ REDIS_URL: 'redis://name:1' }, { REDIS_URL_FILE: file }];
    expect(loadSettings(byName, byFile).REDIS_URL).toBe('redis://file:1');
    expect(loadSettings(byFile, byName).REDIS_URL).toBe('redis://name:1');
    expect(loadSettings(byFile, { REDIS_URL: '', REDIS_URL_FILE: '' }).REDIS_URL).toBe('redis://file:1');
    expect(() => loadSettings({ ...byName, ...byFile })).toThrow(/REDIS_URL and REDIS_URL_FILE are both set/);
  });

  it('of a process come from its environment over the env file that is named', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'esteira-')), 'env');
    writeFileSync(file, 'MAX_ATTEMPTS=7\nBATCH_SIZE=10\n');
    const settings = processSettings({ ESTEIRA_ENV_FILE: file, BATCH_SIZE: '20' });
    expect([settings.MAX_ATTEMPTS, settings.BATCH_SIZE]).toEqual([7, 20]);
  });

  it('take a table of the user in place of orders, with columns of other names', () => {
    const { systems } = loadSettings({
      SYSTEM2_TABLE: 'shop.purchases',
      SYSTEM2_COLUMNS: 'id=order_no, product=title,price="price, net",security_check=approved',
    });
    expect(systems[0]).not.toHaveProperty('ownTable');
    expect(systems[1]?.ownTable).toEqual({
      schema: 'shop',
      name: 'purchases',
      columns: {
        id: 'order_no',
        product: 'title',
        price: 'price, net',
        createdAt: 'created_at',
        securityCheck: 'approved',
        transactionId: 'transaction_id',
      },
    });
  });

  it('say what of a table of the user can not be read', () => {
    expect(() => loadSettings({ SYSTEM1_COLUMNS: 'id=n' })).toThrow(/SYSTEM1_COLUMNS needs SYSTEM1_TABLE/);
    expect(() => loadSettings({ SYSTEM1_TABLE: 'a.b.c' })).toThrow(/SYSTEM1_TABLE is no table name/);
    const columns = (text: string) => () => loadSettings({ SYSTEM2_TABLE: 't', SYSTEM2_COLUMNS: text });
    expect(columns('id')).toThrow(/SYSTEM2_COLUMNS is not a list/);
    expect(columns('id=a,colour=b')).toThrow(/names no field of an order; there are id, product/);
    expect(columns('id=a,id=b')).toThrow(/names id twice/);
  });

  it('of a table of the user come back from their printed form unchanged, whatever its names are', () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((text) => !/[\0\n]/.test(text));
    fc.assert(
      fc.property(fc.record({ schema: fc.option(name), table: name, id: name, check: fc.option(name) }), (names) => {
        const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
        const settings = loadSettings({
          SYSTEM1_TABLE: [names.schema, names.table].flatMap((part) => (part === null ? [] : [quoted(part)])).join('.'),
          SYSTEM1_COLUMNS: `id=${quoted(names.id)}${names.check === null ? '' : `,security_check=${quoted(names.check)}`}`,
        });
        const { ownTable } = settings.systems[0]!;
        expect(ownTable).toMatchObject({ name: names.table, columns: { id: names.id } });
        expect(ownTable?.schema ?? null).toBe(names.schema);
        expect(ownTable?.columns.securityCheck ?? null).toBe(names.check);
        const printed = loadSettings(Object.fromEntries(settingsEntries(settings)));
        expect(printed.systems).toEqual(settings.systems);
      }),
    );
  });

  it('come back from their printed form unchanged', () => {
    const settings = loadSettings({ SYSTEMS: 'a,b,c', CONSUMERS: '3' });
    expect(loadSettings(Object.fromEntries(settingsEntries(settings)))).toEqual(settings);
  });

  it('say which pipelines run; one that there is not is refused with those there are', () => {
    expect(loadSettings({}).pipelines).toEqual(['orders']);
    for (const PIPELINES of ['orders', 'tasks', 'orders, tasks', 'tasks,orders'])
      expect(loadSettings({ PIPELINES }).pipelines).toEqual(PIPELINES.split(/, */));
    expect(() => loadSettings({ PIPELINES: 'orders,bricks' })).toThrow(
      'PIPELINES has no name of a pipeline as number 2; there are: orders, tasks',
    );
    expect(() => loadSettings({ PIPELINES: 'orders, orders' })).toThrow('PIPELINES names a pipeline twice');
  });

  it('are all described, and .env.example is made of them', () => {
    for (const { description } of documents) expect(description.length).toBeGreaterThan(20);
    const file = join(mkdtempSync(join(tmpdir(), 'esteira-')), '.env');
    writeFileSync(file, envExample(documents));
    expect(loadSettings(readEnvFile(file))).toEqual(loadSettings({}));
  });

  it('stand in a table each, or those that are named, in that order; a name that is none is refused', () => {
    const names = (table: string) => [...table.matchAll(/^\| `([A-Z\d_]+)` \|/gm)].map(([, name]) => name);
    expect(names(settingsTable(documents))).toEqual(documents.map(({ name }) => name));
    expect(names(settingsTable(documents, ['CONSUMERS', 'HOST']))).toEqual(['CONSUMERS', 'HOST']);
    expect(() => settingsTable(documents, ['CONSUMER'])).toThrow('no setting CONSUMER');
  });
});
