import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SettingsError } from '@esteira/config';
import { loadSettings } from '../src/index.ts';

const KEY = 'k'.repeat(16);
const production = {
  NODE_ENV: 'production',
  OPERATOR_API_KEYS: `ana:${KEY}`,
  ENDPUT_DATABASE_URL: 'postgres://e:other@127.0.0.1:5434/endput',
  RABBITMQ_URL: 'amqp://e:other@127.0.0.1:5672',
  RABBITMQ_MANAGEMENT_URL: 'http://e:other@127.0.0.1:15672',
  SYSTEM1_DATABASE_URL: 'postgres://e:other@127.0.0.1:5432/system_1',
  SYSTEM2_DATABASE_URL: 'postgres://e:other@127.0.0.1:5433/system_2',
};

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    loadSettings(env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

describe('keys', () => {
  it('have names and roles', () => {
    const { apiKeys } = loadSettings({
      OPERATOR_API_KEYS: `ana:${KEY}1, b.o-b:${KEY}:2`,
      VIEWER_API_KEYS: `eve:${KEY}3`,
    });
    expect(apiKeys).toEqual([
      { name: 'ana', key: `${KEY}1`, role: 'operator' },
      { name: 'b.o-b', key: `${KEY}:2`, role: 'operator' },
      { name: 'eve', key: `${KEY}3`, role: 'viewer' },
    ]);
    expect(loadSettings({}).apiKeys).toEqual([]);
  });

  it('are refused where one is short, without a name, or there twice; none is ever told', () => {
    const problems = problemsOf({
      OPERATOR_API_KEYS: `ana:secret-short,${KEY}secret,bob:${KEY}secret`,
      VIEWER_API_KEYS: `bob:${KEY}secret`,
    });
    expect(problems).toHaveLength(4);
    expect(problems.join()).toMatch(/less than 16 characters for ana.*number 2 is not name:key.*name twice.*same key/);
    expect(problems.join()).not.toContain('secret');
  });

  it('are read or refused, whatever they are', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (operators, viewers) => {
        problemsOf({ OPERATOR_API_KEYS: operators, VIEWER_API_KEYS: viewers });
      }),
    );
  });
});

describe('proxies that say for whom they ask', () => {
  it('are addresses, networks, or names of networks', () => {
    expect(problemsOf({ TRUSTED_PROXIES: 'loopback, 10.1.2.3,192.168.7.0/24,fd00::/8,uniquelocal' })).toEqual([]);
  });

  it.each(['proxy.example', '10.1.2', '10.1.2.3/33', '10.1.2.3/8/8', '10.1.2.3/', 'loopback,', '0.0.0.0/0', '::/0'])(
    'are refused where they name nobody or everybody: %s',
    (proxies) => {
      expect(problemsOf({ TRUSTED_PROXIES: proxies }).join()).toMatch(/^TRUSTED_PROXIES has /);
    },
  );
});

describe('without keys', () => {
  it('only this machine may ask', () => {
    for (const HOST of ['127.0.0.1', 'localhost', '::1', '127.3.2.1']) expect(problemsOf({ HOST })).toEqual([]);
    for (const HOST of ['0.0.0.0', '::', '10.0.0.1', 'example.com', '127.0.0.1.example.com']) {
      expect(problemsOf({ HOST })).toEqual([expect.stringContaining('HOST is no loopback address')]);
      expect(problemsOf({ HOST, OPERATOR_API_KEYS: `ana:${KEY}` })).toEqual([]);
    }
  });

  it('a container may listen everywhere when it is published on loopback', () => {
    expect(problemsOf({ HOST: '0.0.0.0', HOST_PUBLISHED_AS: '127.0.0.1' })).toEqual([]);
    expect(problemsOf({ HOST: '127.0.0.1', HOST_PUBLISHED_AS: '0.0.0.0' })).toHaveLength(1);
  });
});

describe('production', () => {
  it('is refused without keys and with passwords that everybody knows, all said at once', () => {
    const problems = problemsOf({ NODE_ENV: 'production', MAX_ATTEMPTS: 'many' }).join('\n');
    const known = ['ENDPUT_DATABASE_URL', 'RABBITMQ_URL', 'RABBITMQ_MANAGEMENT_URL', 'SYSTEM1_DATABASE_URL'];
    for (const name of [...known, 'SYSTEM2_DATABASE_URL']) expect(problems).toContain(`${name} has the password`);
    expect(problems).toMatch(/MAX_ATTEMPTS[^]*OPERATOR_API_KEYS has no key/);
  });

  it('is taken with keys and passwords of its own', () => {
    expect(problemsOf(production)).toEqual([]);
    expect(problemsOf({ ...production, SYSTEMS: 'system-1,system-2,third' })).toEqual([
      expect.stringContaining('SYSTEM3_DATABASE_URL has the password'),
    ]);
  });

  it('is asked for passwords of the pipelines that run, and of no other', () => {
    const tasks = Object.fromEntries(Object.entries(production).filter(([name]) => !name.startsWith('SYSTEM')));
    expect(problemsOf({ ...tasks, PIPELINES: 'tasks' })).toEqual([
      expect.stringContaining('TASKS_DATABASE_URL has the password'),
    ]);
    const own = { TASKS_DATABASE_URL: 'postgres://e:other@127.0.0.1:5435/tasks' };
    expect(problemsOf({ ...tasks, ...own, PIPELINES: 'tasks' })).toEqual([]);
  });

  it('is refused with viewers alone, and with a secret that is short', () => {
    expect(
      problemsOf({ ...production, OPERATOR_API_KEYS: '', VIEWER_API_KEYS: `eve:${KEY}`, SESSION_SECRET: 'short' }),
    ).toEqual([expect.stringContaining('SESSION_SECRET'), expect.stringContaining('OPERATOR_API_KEYS has no key')]);
  });
});
