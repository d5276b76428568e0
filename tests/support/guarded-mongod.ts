import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mongodPath } from '@esteira/infra/mongod';
import { MongoClient, type Db } from 'mongodb';
import { patient } from '@esteira/tests/patience';
import { vi } from 'vitest';
import { freePort } from './ports.ts';
import { freshName } from './servers.ts';

/** A role of MongoDB on one database. */
type Role = 'read' | 'readWrite' | 'dbAdmin';

/** A MongoDB of one test file that asks who is there. */
export interface GuardedMongod {
  /** A database nobody else has, as somebody sees it who may do anything. */
  freshDatabase(): Db;
  /** Makes a user of a database and gives the URL by which it is one. */
  user(db: Db, roles: readonly Role[], password?: string): Promise<string>;
  stop(): Promise<void>;
}

/** Starts mongod with `--auth` on a free port, its data in a directory of its own. */
export async function startGuardedMongod(): Promise<GuardedMongod> {
  const directory = mkdtempSync(join(tmpdir(), 'esteira-mongod-'));
  const port = await freePort();
  const options = ['--auth', '--port', String(port), '--bind_ip', '127.0.0.1', '--dbpath', directory];
  const quiet = ['--nounixsocket', '--quiet', '--wiredTigerCacheSizeGB', '0.25'];
  const program = await mongodPath(process.env, () => undefined);
  const server = spawn(program, [...options, ...quiet], { stdio: 'ignore' });
  const ended = once(server, 'exit');
  const admin = await vi.waitFor(() => administrator(port), patient);
  return {
    freshDatabase: () => admin.db(freshName('t')),
    user: async (db, roles, password = 'let me in') => {
      const name = freshName('u');
      await db.command({ createUser: name, pwd: password, roles: [...roles] });
      return `mongodb://${name}:${encodeURIComponent(password)}@127.0.0.1:${port}/${db.databaseName}`;
    },
    stop: async () => {
      await admin.close();
      server.kill('SIGTERM');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Until there is a user, whoever connects from this machine may make the first one. */
async function administrator(port: number): Promise<MongoClient> {
  const address = `127.0.0.1:${port}/admin?serverSelectionTimeoutMS=1000&directConnection=true`;
  const account = { createUser: 'root', pwd: 'root', roles: ['root'] };
  const first = new MongoClient(`mongodb://${address}`);
  try {
    await first.db().command(account);
  } finally {
    await first.close();
  }
  return new MongoClient(`mongodb://root:root@${address}`).connect();
}
