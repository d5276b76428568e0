import { loadSettings, type AppDeclaration } from '@esteira/settings';
import { describe, expect, it } from 'vitest';
import { addressOf, APPS, catalogue, isOurs, servicesOf } from '../src/catalogue.ts';
import { movesFor } from '../src/ports.ts';
import { withValues } from '../src/settings.ts';

const names = (profile: string, env = {}) => servicesOf(profile, loadSettings(env)).map(({ name }) => name);

describe('the catalogue', () => {
  it('has a Postgres for each system and one for the endput', () => {
    expect(names('servers')).toEqual([
      'postgres-system-1',
      'postgres-system-2',
      'endput',
      'redis',
      'rabbitmq',
      'mongodb',
      'mongo-express',
    ]);
  });

  it('grows by a server and an API for each further system, and by consumers', () => {
    const grown = names('all', { SYSTEMS: 'system-1,system-2,shop', CONSUMERS: '2' });
    expect(grown).toEqual(expect.arrayContaining(['postgres-shop', 'api-shop', 'consumer-2']));
    expect(grown).toHaveLength(names('all').length + 3);
  });

  it('is the sum of its parts', () => {
    const parts = ['system-1', 'system-2', 'queue'].flatMap((part) => names(part));
    expect([...new Set(parts)].sort()).toEqual(names('all').sort());
  });

  it('names the parts there are when asked for another', () => {
    expect(() => names('system-9')).toThrow('Parts: all, servers, queue, system-1, system-2.');
  });

  it('leaves a server on another machine to others', () => {
    const services = catalogue(loadSettings({ MONGODB_URL: 'mongodb://a.example:27017,b.example:27017/esteira' }));
    expect(services.filter((service) => !isOurs(service)).map(({ name }) => name)).toEqual(['mongodb']);
  });

  it.each([
    ['a table of the user', { SYSTEM2_TABLE: 'shop.purchases' }],
    ['a user of its own in its address', { SYSTEM2_DATABASE_URL: 'postgres://app:secret@127.0.0.1:5432/shop' }],
  ])('leaves a source on this machine to the user when it has %s: it is neither started nor moved', async (_, env) => {
    const settings = loadSettings(env);
    const ours = catalogue(settings).filter(isOurs);
    expect(ours.map(({ name }) => name)).not.toContain('postgres-system-2');
    expect(ours.map(({ name }) => name)).toEqual(expect.arrayContaining(['postgres-system-1', 'api-system-2']));
    const { port } = new URL(settings.systems[1]?.databaseUrl ?? '');
    const moves = await movesFor(ours, catalogue(settings), (asked) => Promise.resolve(asked !== Number(port)));
    expect(moves.map(({ setting }) => setting)).not.toContain('SYSTEM2_DATABASE_URL');
    expect(moves.map(({ to }) => to)).not.toContain(Number(port));
  });

  it('is made of what the apps of the pipelines that run declare, and of the servers that these need', () => {
    const parcels: AppDeclaration = {
      pipeline: 'parcels',
      role: 'consumer',
      main: 'apps/parcels/src/main.ts',
      processes: () => [
        {
          name: 'parcels-1',
          parts: ['queue'],
          ports: [{ setting: 'PARCELS_PORT', port: 8031 }],
          needs: ['rabbitmq', 'endput'],
          environment: { PARCELS_NUMBER: '1' },
        },
      ],
    };
    const settings = loadSettings({});
    const running = (pipelines: readonly string[]) =>
      catalogue({ ...settings, pipelines }, [...APPS, parcels]).map(({ name }) => name);
    expect(running(['parcels'])).toEqual(['endput', 'rabbitmq', 'console', 'parcels-1']);
    expect(running(['orders'])).toEqual(names('all'));
    expect(running(['parcels', 'orders'])).toEqual([...names('all'), 'parcels-1']);
  });

  it('runs the schedulers and workers of tasks where PIPELINES has it, beside what they need', () => {
    const tasks = { PIPELINES: 'tasks', SCHEDULERS: '3', WORKERS: '2' };
    expect(names('all', tasks)).toEqual([
      ...['endput', 'tasks', 'rabbitmq', 'mongodb', 'mongo-express'],
      ...['scheduler-1', 'scheduler-2', 'scheduler-3', 'worker-1', 'worker-2', 'console'],
    ]);
    const both = names('all', { ...tasks, PIPELINES: 'orders,tasks' });
    expect(both.toSorted()).toEqual([...new Set([...names('all'), ...names('all', tasks)])].toSorted());
    const parts = ['system-1', 'system-2', 'queue'].flatMap((part) => names(part, { PIPELINES: 'orders,tasks' }));
    expect([...new Set(parts)].toSorted()).toEqual(names('all', { PIPELINES: 'orders,tasks' }).toSorted());
    const ports = servicesOf('queue', loadSettings(tasks)).map(({ name, listens: [{ port }] }) => `${name}:${port}`);
    expect(ports).toEqual(expect.arrayContaining(['tasks:5435', 'scheduler-3:8033', 'worker-2:8042']));
  });

  it('shows addresses without passwords', () => {
    for (const service of catalogue(loadSettings({}))) expect(addressOf(service)).not.toContain('esteira:');
  });
});

describe('the env file', () => {
  it('is changed in place, comments and order kept', () => {
    const before = '# one\nA=1\n\n# two\nB=2\n';
    expect(withValues('A_FILE=/run/a\n', { A: '1' })).toBe('# A_FILE=/run/a\nA=1\n');
    expect(withValues(before, { A: '$&', C: '3' })).toBe('# one\nA=$&\n\n# two\nB=2\nC=3\n');
  });
});
