import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '@esteira/infra';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../infra/src/until.ts';
import { Checkout, PROJECT } from './checkout.ts';

const SERVERS = ['endput', 'mongodb', 'postgres-system-1', 'postgres-system-2', 'rabbitmq', 'redis'];
const APPS = ['api-system-1', 'api-system-2', 'console', 'consumer-1'];

let checkout: Checkout;

beforeAll(async () => {
  checkout = await Checkout.in(join(REPOSITORY, '.local', 'test-compose', 'checkout'));
  await checkout.esteira(['prune', '--yes']); // What a run that was killed has left.
});

afterAll(async () => {
  await checkout.esteira(['prune', '--yes']);
});

/** The ids of the containers, by service. */
async function containers(): Promise<Record<string, string>> {
  const format = '{{.Label "com.docker.compose.service"}} {{.ID}}';
  const lines = await labelled('container', ['--all', '--no-trunc', '--format', format]);
  return Object.fromEntries(lines.map((line) => line.split(' ') as [string, string]).sort());
}

/** What of this kind carries the label of the project. */
async function labelled(kind: string, options: readonly string[] = ['--quiet']): Promise<string[]> {
  const filter = `label=com.docker.compose.project=${PROJECT}`;
  const { stdout } = await execa('docker', [kind, 'ls', '--filter', filter, ...options]);
  return stdout.split('\n').filter((line) => line !== '');
}

/** What every service says of itself. */
async function notUp(): Promise<string[]> {
  const { stdout } = await checkout.esteira(['status']);
  const lines = String(stdout).split('\n');
  return [...SERVERS, ...APPS].filter((name) => !lines.some((line) => line.includes(name) && /\bup\b/.test(line)));
}

interface Report {
  readonly consistent: boolean;
  readonly systems: readonly { readonly rows: number; readonly classes: Readonly<Record<string, number>> }[];
}

/** The books, row by row: orders at rest, and all that is anything else. @throws when a row is missing. */
async function reconciled() {
  const { stdout } = await checkout.esteira(['reconcile', '--format', 'json']);
  const { consistent, systems } = JSON.parse(String(stdout)) as Report;
  const classes = systems.flatMap((system) => Object.entries(system.classes));
  const sum = (of: (name: string) => boolean) => classes.reduce((all, [name, n]) => all + (of(name) ? n : 0), 0);
  const isAtRest = (name: string) => name === 'stored' || name === 'dead';
  return { consistent, atRest: sum(isAtRest), other: sum((name) => !isAtRest(name)) };
}

const ALL_AT_REST = { consistent: true, atRest: 3_000, other: 0 };

describe('Docker Compose', () => {
  it('starts everything from a checkout that only its owner can read', async () => {
    const { all } = await checkout.esteira(['start']);
    expect(await notUp()).toEqual([]);
    for (const name of [...SERVERS, ...APPS]) expect(all).toContain(`${name} is ready: `);
  });

  it('runs RabbitMQ with a cookie of its own user, which no health check has made', async () => {
    const { stdout } = await checkout.compose([
      'exec',
      '-T',
      'rabbitmq',
      'stat',
      '-c',
      '%U',
      '/var/lib/rabbitmq/.erlang.cookie',
    ]);
    expect(stdout).toBe('rabbitmq');
  });

  it('keeps every container when it is started again', async () => {
    const before = await containers();
    await checkout.esteira(['start']);
    expect(await containers()).toEqual(before);
  });

  it('means the same by hand, with the .env that make start has written', async () => {
    const before = await containers();
    await checkout.compose(['up', '--detach', '--build', ...SERVERS, ...APPS]);
    expect(await containers()).toEqual(before);
  });

  it('moves 3,000 orders, and proves that none is lost', async () => {
    const { all } = await checkout.esteira(['demo'], { ORDERS: '3000', RETRY_DELAY_MS: '500' });
    expect(all).toContain('3,000');
    expect(await reconciled()).toEqual(ALL_AT_REST);
  });

  it('shows lines of every service', async () => {
    const { stdout } = await checkout.esteira(['logs']);
    const names = new Set([...String(stdout).matchAll(/^(\S+)-1 +\| /gm)].map(([, name]) => name));
    expect([...names]).toEqual(expect.arrayContaining([...SERVERS, ...APPS]));
  });

  it('starts an app and a server again that were killed', async () => {
    const port = /^CONSUMER_PORT=(\d+)/m.exec(readFileSync(join(checkout.directory, '.env'), 'utf8'))![1];
    const pid = async () => {
      const answer = await fetch(`http://127.0.0.1:${port}/health/live`, { signal: AbortSignal.timeout(5_000) });
      return ((await answer.json()) as { pid: number }).pid;
    };
    const before = await containers();
    await checkout.compose(['exec', '-T', 'consumer-1', 'sh', '-c', `kill -9 ${await pid()}`]);
    await checkout.compose(['exec', '-T', '--user', 'postgres', 'endput', 'pg_ctl', 'stop', '--mode=immediate'], {
      reject: false,
    });
    const restarts = async (service: string) => {
      const format = '{{.RestartCount}}';
      return Number((await execa('docker', ['inspect', '--format', format, before[service]!])).stdout);
    };
    const back = async () => {
      for (const service of ['consumer-1', 'endput'])
        if ((await restarts(service)) === 0) return `${service} was not restarted`;
      const down = await notUp();
      return down.length === 0 ? undefined : `${down.join(', ')} is not up`;
    };
    await until(back, { timeoutMs: 180_000, everyMs: 1_000 });
    expect(await containers()).toEqual(before);
    expect(await reconciled()).toEqual(ALL_AT_REST);
  });

  it('is stopped and started part by part, and has its data still', async () => {
    await checkout.esteira(['stop']);
    expect(await containers()).toEqual({});
    await checkout.esteira(['start', '--system', '1']);
    const first = await containers();
    expect(Object.keys(first)).toEqual(['api-system-1', 'postgres-system-1', 'redis']);
    await checkout.esteira(['start', '--system', '2']);
    await checkout.esteira(['start', '--part', 'queue']);
    expect(await notUp()).toEqual([]);
    expect(await containers()).toMatchObject(first);
    expect(await reconciled()).toEqual(ALL_AT_REST);
  });

  it("refuses a verifier's folder that the consumers can't read", async () => {
    const settings = { VERIFIER: 'module', VERIFIER_MODULE: 'examples/verifier.ts' };
    const { all, exitCode } = await checkout.esteira(['start'], settings, { reject: false });
    expect(exitCode).toBe(1);
    expect(all).toContain(`chmod -R go+rX ${join(checkout.directory, 'examples')}`);
  });

  it('says at once what an app said that ended with 78', async () => {
    await execa('chmod', ['-R', 'go+rX', join(checkout.directory, 'examples')]);
    const settings = { VERIFIER: 'module', VERIFIER_MODULE: 'examples/missing.ts' };
    const { all, exitCode } = await checkout.esteira(['start'], settings, { reject: false });
    expect(exitCode).toBe(1);
    expect(all).toContain('consumer-1 is not ready: it has ended with 78');
    expect(all).toContain('missing.ts');
    expect(all).not.toContain('apps/cli'); // No stack of its own.
    expect(all).not.toContain('console is ready');
  });

  it('is pruned with all that settings have added: nothing carries its label any more', async () => {
    await checkout.esteira(['start', '--part', 'system-3'], { SYSTEMS: 'system-1,system-2,system-3', CONSUMERS: '2' });
    expect(Object.keys(await containers())).toEqual(expect.arrayContaining(['postgres-system-3', 'api-system-3']));
    // An image whose name a later build has taken.
    await execa('docker', ['image', 'rm', '--force', `${PROJECT}-console`]).catch(() => undefined);
    await checkout.esteira(['prune', '--yes']);
    for (const kind of ['container', 'volume', 'network', 'image'])
      expect(await labelled(kind, ['--quiet', ...(kind === 'container' || kind === 'image' ? ['--all'] : [])])).toEqual(
        [],
      );
  });
});
