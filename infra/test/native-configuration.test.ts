import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { patient } from '@esteira/tests/patience';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { openHome, removeHome } from '../native/home.ts';
import { environmentOf, whoRuns } from '../native/mongo-express.ts';
import { logFile, supervisorConfig, type Program } from '../native/program.ts';
import { configurationFiles } from '../native/rabbitmq.ts';
import { redisConfig } from '../native/redis.ts';
import { endSupervision, programStates, supervise } from '../native/supervisor.ts';
import { isRoot } from '../native/users.ts';

const directory = mkdtempSync(join(tmpdir(), 'esteira-'));
afterAll(() => {
  removeHome(join(directory, 'home'));
  rmSync(directory, { recursive: true, force: true });
});

const program = (change: Partial<Program>): Program => ({
  name: 'one',
  command: ['/bin/true'],
  directory,
  user: undefined,
  environment: {},
  stopSignal: 'TERM',
  stopSeconds: 5,
  ...change,
});

/** What supervisor itself reads out of a configuration: the program's command and environment. */
async function readBySupervisor(text: string, home: string): Promise<{ command: string; environment: object }> {
  const file = join(home, 'read.conf');
  const script = [
    'import json, sys',
    'from supervisor.options import ServerOptions',
    'options = ServerOptions(); options.realize(["-c", sys.argv[1], "-n"])',
    'p = options.process_group_configs[0].process_configs[0]',
    'print(json.dumps({"command": p.command, "environment": p.environment}))',
  ].join('\n');
  writeFileSync(file, text);
  const { stdout } = await execa('/usr/bin/python3', ['-c', script, file]);
  return JSON.parse(stdout) as { command: string; environment: object };
}

describe('the configuration of supervisord', () => {
  it('hands a program its command unchanged, and shows nobody its environment', async () => {
    const home = openHome(join(directory, 'home'));
    const environment = { PASSWORD: 'secret' };
    const text = supervisorConfig(home, [program({ command: ['/a b/node', 'c"d', '100%'], environment })], false);
    expect(text).not.toContain('secret');
    expect(await readBySupervisor(text, home.path)).toEqual({
      command: `"/bin/sh" "${home.path}/one/environment.sh" "/a b/node" "c\\"d" "100%"`,
      environment: { ESTEIRA_HOME: home.path, ESTEIRA_ENVIRONMENT: expect.stringMatching(/^\w+$/) as string },
    });
  });

  it('changes when an environment does, so that the program is started again', () => {
    const home = openHome(join(directory, 'home'));
    const texts = ['a', 'b'].map((value) => supervisorConfig(home, [program({ environment: { A: value } })], false));
    expect(texts[0]).not.toBe(texts[1]);
  });

  it('refuses what it would cut', () => {
    const home = openHome(join(directory, 'home'));
    for (const word of ['a\nb', 'a ;b']) {
      expect(() => supervisorConfig(home, [program({ command: [word] })], false)).toThrow("can't take");
    }
  });
});

describe('any value of any setting', () => {
  it('arrives at a program as it stands, through supervisord', { timeout: 120_000 }, async () => {
    const home = openHome(join(directory, 'values'));
    const dump = join(home.path, 'dump.json');
    const written = `require('node:fs').writeFileSync(${JSON.stringify(dump)}, JSON.stringify(process.env)); setInterval(() => {}, 1e6)`;
    // All that quoting knows of, at both ends and within; and whatever else text holds.
    const hard = fc.string({ unit: fc.constantFrom(...Array.from(`'"\`$\\#%;, =&|<>()*?!~\t\n\r{}[]aé世🎉`)) });
    const text = fc
      .oneof(hard, fc.string({ unit: 'grapheme' }))
      .filter((value) => !value.includes('\0') && value.isWellFormed());
    const told = ['shop."My Orders"', `"it's"`, `'`, `"`, '%(ENV_PATH)s', '$HOME', 'a ;b', 'a #b', '', ' x ', 'back\\'];
    try {
      await fc.assert(
        fc.asyncProperty(fc.array(text, { minLength: 40, maxLength: 40 }), async (values) => {
          const environment = Object.fromEntries([...told, ...values].map((value, i) => [`SETTING_${i}`, value]));
          rmSync(dump, { force: true });
          await supervise(home, [
            program({ command: [process.execPath, '-e', written], directory: home.path, environment }),
          ]);
          await vi.waitFor(() => {
            expect(JSON.parse(readFileSync(dump, 'utf8'))).toMatchObject(environment);
          }, patient);
        }),
        { numRuns: 4 },
      );
    } finally {
      await endSupervision(home.path);
      removeHome(join(directory, 'values'));
    }
  });
});

describe('a program that ends', () => {
  it('is started again, but with 78 only by the next start', async () => {
    const home = openHome(join(directory, 'ending'));
    const ending = (name: string, code: number) =>
      program({ name, command: ['/bin/sh', '-c', `echo started; sleep 5.5; exit ${code}`], directory: home.path });
    const starts = (name: string) => readFileSync(logFile(home.path, name), 'utf8').match(/started/g)?.length;
    const programs = [ending('for-a-person', 78), ending('by-itself', 0)];
    try {
      await supervise(home, programs);
      await vi.waitFor(() => {
        expect(starts('by-itself')).toBe(2);
      }, patient);
      await vi.waitFor(async () => {
        expect(await programStates(home.path)).toContainEqual(
          expect.objectContaining({ name: 'for-a-person', state: 'EXITED' }),
        );
      }, patient);
      expect(starts('for-a-person')).toBe(1);
      await supervise(home, programs);
      await vi.waitFor(() => {
        expect(starts('for-a-person')).toBe(2);
      }, patient);
    } finally {
      await endSupervision(home.path);
      removeHome(join(directory, 'ending'));
    }
  });
});

describe('a home', () => {
  it('moves to where servers can live when its path has a space, and leaves a link', () => {
    const wanted = join(directory, 'my projects', 'state');
    const home = openHome(wanted);
    expect(home.path).not.toContain(' ');
    expect(openHome(wanted).path).toBe(home.path);
    removeHome(wanted);
    expect(openHome(wanted).path).toBe(home.path);
    removeHome(wanted);
  });
});

describe('the configuration of the servers', () => {
  it('lets RabbitMQ listen on loopback only, with the shared settings', () => {
    const files = configurationFiles(1, 2, '/d', { user: 'u', password: 'p', name: 'v' });
    expect(files['rabbitmq.conf']).toContain('listeners.tcp.default = 127.0.0.1:1');
    expect(files['rabbitmq.conf']).toContain('management.tcp.ip = 127.0.0.1');
    expect(files['rabbitmq.conf']).toContain('raft.wal_max_size_bytes = 64000000');
    expect(files['advanced.config']).toContain('{dead_letter_worker_consumer_prefetch, 512}');
    expect(files['advanced.config']).toContain('{quorum_wal_max_size_bytes, 64000000}');
    expect(files['advanced.config']).toContain('{quorum_commands_soft_limit, 256}');
    expect(files['definitions.json']).not.toContain('"p"');
  });

  it('gives the same files for the same settings, so that nothing restarts without need', () => {
    const account = { user: 'u', password: 'p', name: 'v' };
    expect(configurationFiles(1, 2, '/d', account)).toEqual(configurationFiles(1, 2, '/d', account));
  });

  it('keeps Redis from evicting a cursor', () => {
    expect(redisConfig('/d', 6379, '')).toContain('maxmemory-policy noeviction');
    expect(redisConfig('/d', 6379, 'a"b')).toContain('requirepass "a\\"b"');
  });
});

it('writes what holds secrets into a file that nobody else could read, or has open', () => {
  const home = openHome(join(directory, 'home'));
  const file = join(home.path, 'secret.conf');
  writeFileSync(file, 'old', { mode: 0o644 });
  const open = openSync(file, 'r');
  expect(home.file('secret.conf', 'new', undefined)).toBe(file);
  expect(readFileSync(open, 'utf8')).toBe('old');
  closeSync(open);
  expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual(['new', 0o600]);
});

describe('Mongo Express', () => {
  it('asks who signs in, on loopback', () => {
    expect(environmentOf(8081, 'mongodb://127.0.0.1/esteira', { secret: () => 's' })).toMatchObject({
      ME_CONFIG_BASICAUTH_USERNAME: 'esteira',
      ME_CONFIG_BASICAUTH_PASSWORD: 'esteira',
      VCAP_APP_HOST: '127.0.0.1',
    });
  });

  it.runIf(isRoot())('never runs as root: where no other user can reach Node, it is left out', () => {
    expect(whoRuns('/usr/bin/node')?.uid).toBeGreaterThan(0);
    expect(() => whoRuns(join(directory, 'node'))).toThrow('it must not run as root');
  });
});
