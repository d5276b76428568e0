import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadSettings, readEnvFile } from '@esteira/config';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { composeFiles } from '../docker/compose.ts';
import { DockerRuntime } from '../docker/runtime.ts';
import { chooseRuntime } from '../src/choose-runtime.ts';
import type { Place } from '../src/paths.ts';

/** A `docker` that notes what it is asked. No engine runs where these tests run. */
const STUB = `#!/bin/sh
echo "$@" >> "$(dirname "$0")/asked"
env > "$(dirname "$0")/environment"
case "$*" in *version*|info*) echo 28.0.0 ;; esac
`;

let directory: string;
let place: Place;
const path = process.env['PATH'];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'esteira-docker-'));
  writeFileSync(join(directory, 'docker'), STUB, { mode: 0o755 });
  const at = (name: string) => join(directory, name);
  place = { envFile: at('.env'), runningFile: at('running.env'), state: at('n'), compose: at('c'), cache: at('cache') };
  process.env['PATH'] = `${directory}:${path ?? ''}`;
});

afterEach(() => {
  process.env['PATH'] = path;
  delete process.env['REDIS_URL'];
  rmSync(directory, { recursive: true, force: true });
});

const asked = () => readFileSync(join(directory, 'asked'), 'utf8').trim().split('\n');

describe('the runtime', () => {
  it('is Docker where an engine with the compose plugin answers', async () => {
    expect((await chooseRuntime({})).name).toBe('docker');
  });

  it('is native where docker is a client without an engine', async () => {
    writeFileSync(join(directory, 'docker'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    expect((await chooseRuntime({})).name).toBe('native');
  });

  it('is the one that is asked for', async () => {
    expect((await chooseRuntime({ ESTEIRA_RUNTIME: 'native' })).name).toBe('native');
    await expect(chooseRuntime({ ESTEIRA_RUNTIME: 'podman' })).rejects.toThrow('it can be docker or native');
  });
});

describe('Compose', () => {
  it('is asked for the services of the profile, and waits until they are healthy', async () => {
    process.env['REDIS_URL'] = 'redis://127.0.0.1:1';
    const settings = await new DockerRuntime(place, 'one').start(
      {},
      { profile: 'test-servers', report: () => undefined },
    );
    const up = asked().find((line) => line.includes(' up ')) ?? '';
    expect(up).toMatch(/^compose --project-name one --env-file .* up --detach --build --wait .*/);
    expect(up.split(' ').slice(-6)).toEqual([
      'postgres-system-1',
      'postgres-system-2',
      'endput',
      'redis',
      'rabbitmq',
      'mongodb',
    ]);
    expect(settings.DELAY_STRATEGY).toBe('delayed-exchange');
    // Compose lets the environment win over its files: settings stay out of it.
    expect(readFileSync(join(directory, 'environment'), 'utf8')).not.toContain('REDIS_URL');
  });

  it('is given the ports, and the addresses inside its network', () => {
    const settings = loadSettings({
      SYSTEM1_DATABASE_URL: 'postgres://u:p%40s%27@127.0.0.1:6001/d',
      REDIS_URL: 'redis://elsewhere.example:6379',
      SHUTDOWN_MS: '60500',
    });
    const [, values = ''] = composeFiles(settings, place.compose);
    expect(readEnvFile(values)).toMatchObject({
      SYSTEM1_DATABASE_PORT: '6001',
      SYSTEM1_DATABASE_NAME: 'd',
      SYSTEM1_DATABASE_INSIDE_URL: 'postgres://u:p%40s%27@postgres-system-1:5432/d',
      REDIS_INSIDE_URL: 'redis://elsewhere.example:6379',
      // An app is killed only after the time it may take.
      APP_STOP_GRACE: '71s',
    });
    expect(readFileSync(values, 'utf8')).toContain(`SYSTEM1_DATABASE_PASSWORD='p@s\\''`);
  });

  it('gets the services of further systems and consumers', () => {
    const settings = loadSettings({ SYSTEMS: 'system-1,system-2,shop', CONSUMERS: '2' });
    const added = JSON.parse(readFileSync(composeFiles(settings, place.compose).at(-1) ?? '', 'utf8')) as {
      services: Record<string, { ports?: string[]; environment?: Record<string, string> }>;
    };
    expect(Object.keys(added.services).sort()).toEqual(['api-shop', 'console', 'consumer-2', 'postgres-shop', 'redis']);
    expect(added.services['api-shop']?.environment).toMatchObject({
      SYSTEM: 'shop',
      SYSTEM3_DATABASE_URL: 'postgres://esteira:esteira@postgres-shop:5432/shop',
    });
    expect(added.services['consumer-2']?.ports).toEqual(['127.0.0.1:8012:8012']);
  });
});

it('hands Redis its password as a configuration, not on a command line, where every user would see it', () => {
  const [, script = ''] =
    /- sh\n +- -c\n +- \|\n((?: {8}.*\n)+)/.exec(readFileSync('docker-compose.yml', 'utf8')) ?? [];
  const run = script.replaceAll(/^ {8}/gm, '').replaceAll('$$', () => '$');
  writeFileSync(join(directory, 'docker-entrypoint.sh'), '#!/bin/sh\necho "$@"\ncat\n', { mode: 0o755 });
  const given = execFileSync('sh', ['-c', run], {
    env: { ...process.env, REDISCLI_AUTH: 'a"b\\c$d' },
    encoding: 'utf8',
  });
  expect(given.split('\n').slice(0, 2)).toEqual([
    expect.stringMatching(/^redis-server - --appendonly yes [^"]*noeviction$/),
    String.raw`requirepass "a\"b\\c$d"`,
  ]);
});
