import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onPath, unprivileged } from '@esteira/infra/programs';
import { patient } from '@esteira/tests/patience';
import { vi } from 'vitest';
import { freePort } from './ports.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** A PgBouncer between the test and a server. */
export interface PgBouncer {
  /** The same database as `url` names, through the pooler. */
  readonly through: (url: string) => string;
  readonly stop: () => Promise<void>;
}

/** The machine's PgBouncer; on Debian it is installed where it is missing, as root. */
function pgbouncerPath(): string {
  const found = onPath('pgbouncer');
  if (found !== undefined) return found;
  execFileSync('sh', [join(ROOT, 'infra', 'native', 'install.sh'), 'pgbouncer'], { stdio: 'inherit' });
  const installed = onPath('pgbouncer');
  if (installed === undefined) throw new Error('There is no PgBouncer here: install it.');
  return installed;
}

/**
 * Starts one as it comes, but for what is given: `pool_mode=transaction`, for example.
 *
 * @param urls of the server, with the users who may come in.
 */
export async function startPgBouncer(
  urls: readonly string[],
  settings: Readonly<Record<string, string | number>>,
): Promise<PgBouncer> {
  const directory = mkdtempSync(join(tmpdir(), 'pgbouncer-'));
  const [server] = urls.map((url) => new URL(url));
  const port = await freePort();
  const config = { listen_addr: '127.0.0.1', listen_port: port, unix_socket_dir: '', auth_type: 'scram-sha-256' };
  const users = urls.map((url) => new URL(url)).map(({ username, password }) => `"${username}" "${password}"\n`);
  writeFileSync(join(directory, 'users.txt'), users.join(''));
  const lines = Object.entries({ ...config, auth_file: join(directory, 'users.txt'), ...settings });
  writeFileSync(
    join(directory, 'pgbouncer.ini'),
    `[databases]\n* = host=${server?.hostname} port=${server?.port}\n[pgbouncer]\n` +
      lines.map(([name, value]) => `${name} = ${value}\n`).join(''),
  );
  const user = unprivileged(); // It does not run as root.
  for (const file of ['.', 'users.txt', 'pgbouncer.ini'].map((name) => join(directory, name))) {
    chmodSync(file, 0o755);
    if (user !== undefined) chownSync(file, user.uid, user.gid);
  }
  const child = spawn(pgbouncerPath(), [join(directory, 'pgbouncer.ini')], {
    ...user,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = once(child, 'close');
  await vi.waitFor(() => accepts(port, () => output), patient);
  return {
    through: (url) => Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href,
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
      rmSync(directory, { recursive: true });
    },
  };
}

async function accepts(port: number, output: () => string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } catch (cause) {
    throw new Error(`PgBouncer does not answer:\n${output()}`, { cause });
  } finally {
    socket.destroy();
  }
}
