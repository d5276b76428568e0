import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings, type AppDeclaration, type Settings } from '@esteira/settings';
import { describe, expect, it, onTestFinished } from 'vitest';
import { composeFiles } from '../docker/compose.ts';
import { APPS } from '../src/catalogue.ts';
import { REPOSITORY } from '../src/paths.ts';

interface Added {
  readonly services: Readonly<Record<string, { readonly environment?: Readonly<Record<string, string>> }>>;
  readonly volumes: object;
}

/** What Compose is given beside docker-compose.yml. */
function added(settings: Settings, apps: readonly AppDeclaration[] = APPS): Added {
  const directory = mkdtempSync(join(tmpdir(), 'esteira-compose-'));
  onTestFinished(() => {
    rmSync(directory, { recursive: true });
  });
  return JSON.parse(readFileSync(composeFiles(settings, directory, apps).at(-1) ?? '', 'utf8')) as Added;
}

/** An app of one process, which is in the catalogue beside all others. */
const app = (name: string, needs: readonly string[], files: Record<string, string> = {}): AppDeclaration => ({
  role: 'consumer',
  main: 'infra/test/asking-app.ts',
  processes: () => [
    { name, parts: ['queue'], ports: [{ setting: 'CONSUMER_PORT', port: 8051 }], needs, environment: {} },
  ],
  files: () => files,
});

describe('an app that is not in docker-compose.yml', () => {
  it('gets the Postgres of tasks with its volume where it needs it, and is told where that is, as is the console', () => {
    const settings = loadSettings({ TASKS_DATABASE_URL: 'postgres://esteira:p$w@127.0.0.1:6005/t' });
    const { services, volumes } = added(settings, [...APPS, app('asking', ['tasks', 'rabbitmq'])]);
    const inside = { TASKS_DATABASE_URL: 'postgres://esteira:p$$w@tasks:5432/t' };
    expect(volumes).toEqual({ tasks: {} });
    expect(services).toMatchObject({
      tasks: {
        profiles: ['all', 'servers', 'queue'],
        environment: { POSTGRES_USER: 'esteira', POSTGRES_PASSWORD: 'p$$w', POSTGRES_DB: 't' },
        ports: ['127.0.0.1:6005:5432'],
        volumes: ['tasks:/var/lib/postgresql/data'],
      },
      asking: {
        command: ['node', 'infra/test/asking-app.ts'],
        depends_on: { tasks: { condition: 'service_healthy', required: true } },
        environment: inside,
      },
      console: { environment: inside },
      redis: { profiles: [] },
    });
    const without = added(settings);
    expect(without).toMatchObject({ services: { console: { environment: {} } }, volumes: {} });
    expect(JSON.stringify(without)).not.toContain('tasks');
  });

  it('gets the files of the user that it declares, and no other app does', () => {
    const settings = loadSettings({ VERIFIER: 'module', VERIFIER_MODULE: 'examples/verifier.ts' });
    const typed = app('typed', [], { ITEM_TYPES_MODULE: 'examples/my $types.ts' });
    const { services } = added(settings, [...APPS, typed]);
    const folder = { type: 'bind', source: join(REPOSITORY, 'examples'), read_only: true };
    expect(services['typed']).toMatchObject({
      volumes: [{ ...folder, target: '/app/item-types' }],
      environment: { ITEM_TYPES_MODULE: '/app/item-types/my $$types.ts' },
    });
    expect(services['typed']?.environment).not.toHaveProperty('VERIFIER_MODULE');
    expect(services['consumer-1']).toEqual({
      volumes: [{ ...folder, target: '/app/verifier' }],
      environment: { VERIFIER_MODULE: '/app/verifier/verifier.ts' },
    });
  });
});
