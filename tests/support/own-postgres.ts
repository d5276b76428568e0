import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresProgram } from '@esteira/infra/programs';
import { openPostgres } from '@esteira/postgres';
import { patient } from '@esteira/tests/patience';
import { vi } from 'vitest';
import { freePort } from './ports.ts';

const USER = 'postgres';
const PASSWORD = 'let me in';

/** A Postgres of one test file, which may do to it what it likes. */
export interface OwnPostgres {
  /** Of a database of this server, as its superuser. */
  url(database?: string): string;
  /** A hot standby of it: everything that is here, and what is yet to come, can be read there. */
  startStandby(): Promise<OwnPostgres>;
  /** A server takes those that follow it along. */
  stop(): Promise<void>;
}

/** Starts a server on a free port, its data in a directory of its own. `settings` are those of postgresql.conf. */
export async function startOwnPostgres(settings: Readonly<Record<string, string | number>> = {}): Promise<OwnPostgres> {
  const directory = ownDirectory();
  writeFileSync(join(directory, 'password'), PASSWORD, { mode: 0o644 });
  const how = ['--auth=scram-sha-256', `--pwfile=${join(directory, 'password')}`, '--encoding=UTF8', '--no-sync'];
  run('initdb', ['-D', join(directory, 'data'), `--username=${USER}`, '--locale=C.UTF-8', ...how], directory);
  return started(directory, settings);
}

async function started(directory: string, settings: Readonly<Record<string, string | number>>): Promise<OwnPostgres> {
  const port = await freePort();
  const server = spawnServer(directory, { port, shared_buffers: '32MB', fsync: 'off', ...settings });
  const ended = once(server, 'exit');
  const url = (database = USER) => `postgres://${USER}:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/${database}`;
  await vi.waitFor(() => answers(url()), patient);
  const standbys: OwnPostgres[] = [];
  return {
    url,
    startStandby: async () => {
      const copy = ownDirectory();
      const from = ['-h', '127.0.0.1', '-p', String(port), '-U', USER, '-D', join(copy, 'data')];
      run('pg_basebackup', [...from, '--write-recovery-conf', '--checkpoint=fast', '--no-sync'], copy);
      const standby = await started(copy, settings);
      standbys.push(standby);
      return standby;
    },
    stop: async () => {
      await Promise.all(standbys.map((standby) => standby.stop()));
      server.kill('SIGQUIT'); // At once: nothing of it is wanted any more.
      await ended;
      rmSync(directory, { recursive: true });
    },
  };
}

function spawnServer(directory: string, settings: Readonly<Record<string, string | number>>) {
  const all = { ...settings, listen_addresses: '127.0.0.1', unix_socket_directories: '' };
  const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const { path, user } = postgresProgram('postgres');
  const server = spawn(path, ['-D', join(directory, 'data'), ...options], { ...user, cwd: directory, stdio: 'ignore' });
  // A test run that is interrupted takes it along.
  const end = () => server.kill('SIGQUIT');
  process.once('exit', end);
  server.once('exit', () => process.off('exit', end));
  return server;
}

async function answers(url: string): Promise<void> {
  const postgres = openPostgres({ url, applicationName: 'tests', max: 1 });
  await postgres.query('select 1').finally(() => postgres.close());
}

/** It is of whoever the server runs as. */
function ownDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'esteira-postgres-'));
  const { user } = postgresProgram('postgres');
  if (user !== undefined) chownSync(directory, user.uid, user.gid);
  return directory;
}

function run(program: string, args: readonly string[], cwd: string): void {
  const { path, user } = postgresProgram(program);
  execFileSync(path, args, { ...user, cwd, env: { ...process.env, PGPASSWORD: PASSWORD }, stdio: 'pipe' });
}
