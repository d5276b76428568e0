import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnvFile } from '@esteira/config';
import { loadSettings } from '@esteira/settings';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { composeFiles } from '../docker/compose.ts';
import { dockerAnswers } from '../docker/engine.ts';
import { whoIsHopeless } from '../docker/ready.ts';
import { DockerRuntime } from '../docker/runtime.ts';
import { chooseRuntime } from '../src/choose-runtime.ts';
import { Obstacle } from '../src/obstacle.ts';
import { REPOSITORY, type Place } from '../src/paths.ts';

/** A `docker` that notes what it is asked: no engine runs where these tests run. `make test-compose` has one. */
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
  place = {
    envFile: at('.env'),
    runningFile: at('running.json'),
    state: at('n'),
    compose: at('c'),
    cache: at('cache'),
  };
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

  it('waits for an engine that is slow to answer, and says so', async () => {
    writeFileSync(join(directory, 'docker'), `${STUB}case "$*" in version*) sleep 0.5 ;; esac\n`, { mode: 0o755 });
    const said: string[] = [];
    const report = (line: string) => said.push(line);
    expect(await dockerAnswers(report, { silentMs: 50, limitMs: 60_000 })).toBe(true);
    expect(said).toEqual(['waiting for the Docker engine to answer, for up to 60 s']);
    writeFileSync(join(directory, 'docker'), `${STUB}case "$*" in version*) exec sleep 600 ;; esac\n`, { mode: 0o755 });
    const limit = { silentMs: 60_000, limitMs: 2_000 };
    await expect(dockerAnswers(report, limit)).rejects.toThrow(/did not answer within 2 s.*ESTEIRA_RUNTIME=native/);
  });

  it('is refused where the engine or Compose is too old for the Compose file', async () => {
    const old = (engine: string, compose: string) => {
      const answers = `case "$1" in version) echo ${engine} ;; compose) echo ${compose} ;; esac`;
      writeFileSync(join(directory, 'docker'), `#!/bin/sh\n${answers}\n`, { mode: 0o755 });
    };
    old('20.10.24+dfsg1', '2.23.3');
    const both = 'Docker Engine 20.10.24+dfsg1 is older than 25.0, and Docker Compose 2.23.3 is older than 2.24';
    await expect(chooseRuntime({})).rejects.toThrow(both);
    old('28.5.2+dfsg4', 'v2.40.3-desktop.1');
    expect((await chooseRuntime({})).name).toBe('docker');
  });

  it('is refused in words where Docker is asked for and no engine answers', async () => {
    writeFileSync(join(directory, 'docker'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const choosing = chooseRuntime({ ESTEIRA_RUNTIME: 'docker' });
    await expect(choosing).rejects.toThrow(Obstacle);
    await expect(choosing).rejects.toThrow(/no Docker engine.*ESTEIRA_RUNTIME=native/);
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
    expect(up).toMatch(/^compose --project-name one --env-file .* up --detach --build --wait .* --no-deps /);
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
      SYSTEM1_DATABASE_URL: 'postgres://esteira:p%40s%27@127.0.0.1:6001/d',
      SYSTEM2_DATABASE_URL: 'postgres://app:p@127.0.0.1:6002/shop',
      REDIS_URL: 'redis://elsewhere.example:6379',
      SHUTDOWN_MS: '60500',
    });
    const [, values = ''] = composeFiles(settings, place.compose);
    expect(readEnvFile(values)).toMatchObject({
      SYSTEM1_DATABASE_PORT: '6001',
      SYSTEM1_DATABASE_NAME: 'd',
      SYSTEM1_DATABASE_INSIDE_URL: 'postgres://esteira:p%40s%27@postgres-system-1:5432/d',
      SYSTEM2_DATABASE_INSIDE_URL: 'postgres://app:p@host.docker.internal:6002/shop',
      REDIS_INSIDE_URL: 'redis://elsewhere.example:6379',
      // An app is killed only after the time it may take.
      APP_STOP_GRACE: '71s',
    });
    expect(readFileSync(values, 'utf8')).toContain(`SYSTEM1_DATABASE_PASSWORD="p@s'"`);
  });

  it('gives a database of the user no server, and consumers the folder of a verifier', () => {
    const settings = loadSettings({
      SYSTEMS: 'system-1,system-2,shop',
      SYSTEM3_TABLE: 'purchases',
      CONSUMERS: '2',
      VERIFIER: 'module',
      VERIFIER_MODULE: 'examples/verifier.ts',
    });
    const added = JSON.parse(readFileSync(composeFiles(settings, place.compose).at(-1) ?? '', 'utf8')) as {
      services: Record<string, { depends_on?: object; environment?: Record<string, string>; volumes?: object[] }>;
      volumes: object;
    };
    const { 'api-shop': api, 'consumer-1': first, 'consumer-2': second, ...others } = added.services;
    expect(Object.keys(others).sort()).toEqual(['console', 'redis']);
    expect(added.volumes).toEqual({});
    expect(Object.keys(api?.depends_on ?? {})).toEqual(['redis', 'rabbitmq']);
    expect(api?.environment?.['SYSTEM3_DATABASE_URL']).toContain('@host.docker.internal:5435/');
    for (const consumer of [first, second]) {
      expect(consumer?.environment?.['VERIFIER_MODULE']).toBe('/app/verifier/verifier.ts');
      expect(consumer?.volumes).toEqual([
        { type: 'bind', source: join(REPOSITORY, 'examples'), target: '/app/verifier', read_only: true },
      ]);
    }
  });

  it('tells of an app that runs and is not ready why, and stops and starts apps alone', async () => {
    const api = createServer((_, response) => {
      response.writeHead(503).end('rabbitmq is away');
    });
    api.listen(0, '127.0.0.1');
    await once(api, 'listening');
    const { port } = api.address() as AddressInfo;
    writeFileSync(place.envFile, `SYSTEM1_API_PORT=${port}\n`);
    const container = (Service: string) =>
      JSON.stringify({ Service, State: 'running', Health: 'healthy', Status: 'Up' });
    const ps = `${container('api-system-1')}\n${container('endput')}`;
    writeFileSync(join(directory, 'docker'), `${STUB}case "$*" in *" ps "*) echo '${ps}' ;; esac\n`, { mode: 0o755 });
    const runtime = new DockerRuntime(place, 'one');
    const shown = new Map(
      (await runtime.status()).map(({ name, state, detail }) => [name, `${state} ${detail ?? ''}`]),
    );
    expect(shown.get('api-system-1')).toBe('up not ready: 503 rabbitmq is away');
    expect(shown.get('endput')).toBe('up Up');
    await runtime.stopApps({ report: () => undefined });
    expect(asked().at(-1)).toMatch(/ --profile \* stop api-system-1$/);
    api.close();
  });

  it('shows the logs of every profile', async () => {
    await new DockerRuntime(place, 'one').logs({ follow: false, raw: false });
    expect(asked().at(-1)).toMatch(/ --profile \* logs --tail 200$/);
  });

  it('says of what is left out why, and not that it is ready', async () => {
    const refuse = `case "$*" in *" up "*mongo-express*) echo 'no such image' >&2; exit 1 ;; esac\n`;
    writeFileSync(join(directory, 'docker'), `${STUB}${refuse}`, { mode: 0o755 });
    const said: string[] = [];
    const report = (line: string) => said.push(line);
    await new DockerRuntime(place, 'one').start({}, { profile: 'servers', report });
    expect(said).toContain('mongo-express is left out: no such image');
    expect(said.join('\n')).not.toContain('mongo-express is ready');
    expect(said.join('\n')).toContain('endput is ready');
  });

  it('removes what carries the label of the project, whatever its name is', async () => {
    const ls = `case "$*" in *" ls "*) [ -e "$(dirname "$0")/removed-$1" ] || echo "$1-of-ours" ;; *" rm "*) : >"$(dirname "$0")/removed-$1" ;; esac\n`;
    writeFileSync(join(directory, 'docker'), `${STUB}${ls}`, { mode: 0o755 });
    await new DockerRuntime(place, 'one').prune({ report: () => undefined });
    expect(asked().filter((line) => / rm /.test(line))).toEqual([
      'container rm --force container-of-ours',
      'network rm network-of-ours',
      'volume rm --force volume-of-ours',
      'image rm --force image-of-ours',
    ]);
    expect(
      asked()
        .filter((line) => / ls /.test(line))
        .join('\n'),
    ).toContain('label=com.docker.compose.project=one');
  });

  it('means the same by hand, with what make start writes to .env: settings stand there as they are', async () => {
    const wanted = {
      SYSTEMS: 'system-1,system-2,shop',
      ENDPUT_DATABASE_URL: "postgres://esteira:p'$w@127.0.0.1:6001/e",
    };
    await new DockerRuntime(place, 'one').start(wanted, { profile: 'servers', report: () => undefined });
    await new DockerRuntime(place, 'one').start(wanted, { profile: 'servers', report: () => undefined });
    const text = readFileSync(place.envFile, 'utf8');
    expect(text).toMatch(/^COMPOSE_FILE="docker-compose.yml:.*compose.added.json"$/m);
    expect(text).toMatch(/^COMPOSE_PROFILES="all"$/m);
    expect(text).toMatch(/^ENDPUT_DATABASE_PORT="6001"$/m);
    expect(text).toMatch(/^ENDPUT_DATABASE_PASSWORD="p'\$\$w"$/m);
    expect(text.match(/^COMPOSE_FILE=/gm)).toHaveLength(1);
    expect(text.match(/^ENDPUT_DATABASE_URL=.*$/gm)).toEqual([
      'ENDPUT_DATABASE_URL=postgres://esteira:esteira@127.0.0.1:5434/endput',
    ]);
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

describe('an app that can not work', () => {
  const course = (restarts: number, lastCheck?: number) => ({ service: 'console', restarts, lastCheck });

  it('is not waited for once it has ended with 78, or ends again and again', () => {
    expect(whoIsHopeless([course(0, 78)], [])?.why).toMatch('it has ended with 78');
    expect(whoIsHopeless([course(9)], [course(4)])?.why).toBe('it ends again and again');
  });

  it('is waited for while it starts, whatever it did before', () => {
    expect(whoIsHopeless([course(9, 1)], [course(8)])).toBe(undefined);
    expect(whoIsHopeless([course(0, 0)], [])).toBe(undefined);
  });
});

describe('an app in a container', () => {
  const run = (script: string) =>
    spawn('sh', ['infra/docker/run-app.sh', process.execPath, '-e', script], { stdio: ['ignore', 'pipe', 'pipe'] });

  it('ends as it ends by itself, and is started again', async () => {
    expect(await once(run('process.exit(3)'), 'exit')).toEqual([3, null]);
  });

  it('waits for a person when it ended with 78, and ends when it is stopped', async () => {
    const child = run('process.exit(78)');
    expect(String((await once(child.stderr, 'data'))[0])).toContain('then make start');
    expect(child.exitCode).toBe(null);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
  });

  it('hears that it is to stop, and takes the time it needs', async () => {
    const child = run(
      `process.on('SIGTERM', () => setTimeout(() => process.exit(0), 300)); console.log('up'); setInterval(() => {}, 1e6)`,
    );
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
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
