import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { accountOf, type Account } from '../src/account.ts';
import type { Listens } from '../src/catalogue.ts';
import { digest, type Context } from './context.ts';
import { onPath, rabbitmqServer, required } from './packages.ts';
import type { Prepared, Program } from './program.ts';
import { unprivileged } from './users.ts';

const SHARED = fileURLToPath(new URL('../rabbitmq/', import.meta.url));

/**
 * RabbitMQ with the management plugin, and the name server (epmd) of its own that it can't do without: the system's
 * would listen on every address, and one that RabbitMQ starts outlives it.
 */
export function prepareRabbitmq(name: string, amqp: Listens, management: Listens, context: Context): Prepared {
  const user = unprivileged('rabbitmq');
  const directory = context.home.directory(name, user);
  const account = withDefaults(accountOf(amqp.url ?? ''));
  const files = configurationFiles(amqp.port, management.port, directory, account);
  for (const [file, text] of Object.entries(files)) context.home.file(`${name}/${file}`, text, user);
  // Erlang's cookie: with it, whoever reaches the distribution port commands the node.
  context.home.file(`${name}/.erlang.cookie`, context.secret('rabbitmq-cookie'), user);
  const environment = nodeEnvironment(directory, context, digest(...Object.values(files)));
  const server: Program = {
    name,
    command: [required(rabbitmqServer(), 'rabbitmq-server')],
    directory,
    user,
    environment,
    stopSignal: 'TERM',
    stopSeconds: 60,
  };
  const epmd: Program = {
    ...server,
    name: `${name}-epmd`,
    command: [required(onPath('epmd'), 'epmd'), '-port', environment['ERL_EPMD_PORT'] ?? '', '-address', '127.0.0.1'],
    environment: { HOME: directory },
    stopSeconds: 5,
  };
  return { programs: [server, epmd], ready: () => accepts(amqp.port, management, account) };
}

/** What a URL of RabbitMQ without them means. */
function withDefaults({ user, password, name }: Account): Account {
  return { user: user || 'guest', password: password || 'guest', name: name || '/' };
}

/** Everything a node finds its files by; nothing is read from /etc/rabbitmq or /var/lib/rabbitmq. */
function nodeEnvironment(directory: string, context: Context, config: string): Record<string, string> {
  return {
    ESTEIRA_CONFIG: config,
    HOME: directory,
    RABBITMQ_NODENAME: 'esteira@localhost',
    RABBITMQ_CONF_ENV_FILE: join(directory, 'rabbitmq-env.conf'),
    RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq.conf'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(directory, 'advanced.config'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
    RABBITMQ_GENERATED_CONFIG_DIR: join(directory, 'generated'),
    RABBITMQ_MNESIA_BASE: join(directory, 'data'),
    RABBITMQ_FEATURE_FLAGS_FILE: join(directory, 'feature_flags'),
    RABBITMQ_PID_FILE: join(directory, 'rabbitmq.pid'),
    RABBITMQ_LOG_BASE: join(directory, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_DIST_PORT: String(context.internalPort('rabbitmq-distribution')),
    ERL_EPMD_PORT: String(context.internalPort('rabbitmq-epmd')),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    // The VM replaces the script (the supervisor's signals reach it), listens on loopback only, and leaves the
    // cores to others while it has nothing to do.
    RUNNING_UNDER_SYSTEMD: 'true',
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
      '-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none',
  };
}

/** The configuration both runtimes share, with what is different here: addresses, and the account of RABBITMQ_URL. */
export function configurationFiles(
  amqpPort: number,
  managementPort: number,
  directory: string,
  account: Account,
): Record<string, string> {
  const shared = (file: string) => readFileSync(join(SHARED, file), 'utf8');
  const own = [
    `listeners.tcp.default = 127.0.0.1:${amqpPort}`,
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${managementPort}`,
    `load_definitions = ${join(directory, 'definitions.json')}`,
    '',
  ];
  return {
    'rabbitmq.conf': shared('rabbitmq.conf') + own.join('\n'),
    'advanced.config': shared('advanced.config'),
    enabled_plugins: shared('enabled_plugins'),
    'rabbitmq-env.conf': '',
    'definitions.json': JSON.stringify(definitions(account), undefined, 2),
  };
}

function definitions({ user, password, name: vhost }: Account) {
  return {
    users: [
      {
        name: user,
        password_hash: passwordHash(user, password),
        hashing_algorithm: 'rabbit_password_hashing_sha256',
        tags: ['administrator'],
      },
    ],
    vhosts: [{ name: vhost }],
    permissions: [{ user, vhost, configure: '.*', write: '.*', read: '.*' }],
  };
}

/** RabbitMQ's salted SHA-256. The salt comes from the account, so that the same account gives the same file. */
function passwordHash(user: string, password: string): string {
  const salt = createHash('sha256').update(`${user}\0${password}`).digest().subarray(0, 4);
  const hash = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, hash]).toString('base64');
}

/** The management API answers for the AMQP listener: it opens last. */
async function accepts(port: number, management: Listens, account: Account): Promise<string | undefined> {
  const response = await fetch(`http://127.0.0.1:${management.port}/api/health/checks/port-listener/${port}`, {
    headers: { authorization: `Basic ${Buffer.from(`${account.user}:${account.password}`).toString('base64')}` },
    signal: AbortSignal.timeout(3_000),
  });
  const body = await response.text();
  return response.ok ? undefined : `${response.status} ${body}`;
}
