import { execa } from 'execa';
import type { Listens } from '../src/catalogue.ts';
import { digest, type Context } from './context.ts';
import { onPath, required } from './packages.ts';
import type { Prepared } from './program.ts';
import { unprivileged } from './users.ts';

/** Redis for the cursors: every write is on disc within a second, nothing is ever evicted. */
export function prepareRedis(name: string, { url = '', port }: Listens, context: Context): Prepared {
  const user = unprivileged('redis');
  const directory = context.home.directory(name, user);
  const password = decodeURIComponent(new URL(url).password);
  const config = redisConfig(directory, port, password);
  return {
    programs: [
      {
        name,
        command: [
          required(onPath('redis-server'), 'redis-server'),
          context.home.file(`${name}/redis.conf`, config, user),
        ],
        directory,
        user,
        environment: { ESTEIRA_CONFIG: digest(config) },
        stopSignal: 'TERM',
        stopSeconds: 20,
      },
    ],
    ready: async () => {
      const { stdout } = await execa(
        'redis-cli',
        ['-h', '127.0.0.1', '-p', String(port), '--no-auth-warning', 'ping'],
        {
          reject: false,
          env: password === '' ? {} : { REDISCLI_AUTH: password },
        },
      );
      return stdout.trim() === 'PONG' ? undefined : stdout.trim() || 'no answer';
    },
  };
}

export function redisConfig(directory: string, port: number, password: string): string {
  return [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${directory}`,
    'daemonize no',
    'appendonly yes',
    'appendfsync everysec',
    'maxmemory 256mb',
    'maxmemory-policy noeviction',
    // A process title would take the room of the environment, by which leftovers are found.
    'set-proc-title no',
    ...(password === '' ? [] : [`requirepass "${password.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`]),
    '',
  ].join('\n');
}
