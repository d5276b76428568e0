import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { accountOf, type Account } from '../src/account.ts';
import type { Listens } from '../src/catalogue.ts';
import type { Context } from './context.ts';
import { postgresBin, required } from './packages.ts';
import type { Prepared } from './program.ts';
import { unprivileged, type User } from './users.ts';

/** A cluster of its own for each database: sources, endput and tasks are separate servers. */
export async function preparePostgres(name: string, { url = '', port }: Listens, context: Context): Promise<Prepared> {
  const user = unprivileged('postgres');
  const account = withDefaults(accountOf(url));
  const directory = context.home.directory(name, user);
  const data = join(directory, 'data');
  await initialise(data, account, context, user);
  return {
    programs: [
      {
        name,
        command: [required(postgresBin('postgres'), 'postgres'), '-D', data, ...options(port)],
        directory,
        user,
        environment: {},
        stopSignal: 'INT', // fast: clients are disconnected, nothing is lost
        stopSeconds: 60,
      },
    ],
    ready: () => hasDatabase(port, account),
  };
}

/** Durable as by default; small, since several clusters share a developer's machine with everything else. */
function options(port: number): string[] {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    shared_buffers: '128MB',
    max_connections: 200,
    max_wal_size: '512MB',
    // Prepared transactions hold the watermark: they have to be possible for that to be seen.
    max_prepared_transactions: 10,
    logging_collector: 'off',
    log_line_prefix: '%m [%p] ',
  };
  return Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
}

/** What a URL of Postgres without them means. */
function withDefaults({ user, password, name }: Account): Account {
  const owner = user || 'esteira';
  return { user: owner, password, name: name || owner };
}

/** A cluster counts as made when our note lies beside it: a half-made one is made anew. */
async function initialise(data: string, account: Account, context: Context, user: User | undefined): Promise<void> {
  const made = `${data}.made`;
  if (existsSync(made)) return;
  context.home.remove(data);
  const passwordFile = context.home.file(
    `${data.slice(context.home.path.length + 1)}.password`,
    account.password,
    user,
  );
  const authentication =
    account.password === '' ? ['--auth=trust'] : ['--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  await execa(
    required(postgresBin('initdb'), 'initdb'),
    ['-D', data, `--username=${account.user}`, ...authentication, '--encoding=UTF8', '--locale=C.UTF-8'],
    { stdin: 'ignore', cwd: context.home.path, ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }) },
  );
  context.home.remove(passwordFile);
  writeFileSync(made, '');
}

/** Asks the server for the database and makes it where it is missing. */
async function hasDatabase(port: number, { user, password, name }: Account): Promise<string | undefined> {
  const where = ['-h', '127.0.0.1', '-p', String(port), '-U', user, '-d', 'postgres', '-w'];
  const how = ['-qAtX', '-v', 'ON_ERROR_STOP=1', '-v', `name=${name}`];
  const psql = (sql: string) =>
    execa(required(postgresBin('psql'), 'psql'), [...where, ...how], {
      input: sql,
      env: { PGPASSWORD: password, PGCONNECT_TIMEOUT: '3' },
    });
  const { stdout } = await psql(`select 1 from pg_database where datname = :'name'`);
  if (stdout.trim() !== '1') await psql(`create database :"name"`);
  return undefined;
}
