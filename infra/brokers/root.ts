import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackDebian } from '../native/debian.ts';
import { isRoot } from '../native/users.ts';
import { REPOSITORY } from '../src/paths.ts';
import type { Report } from '../src/runtime.ts';
import type { Suite } from './suites.ts';

const BROKERS = join(REPOSITORY, '.local', 'brokers');

/**
 * The root directory of a suite: RabbitMQ and what it needs, unpacked from Debian's packages and never configured.
 * Made once (about ten seconds and 240 MB each) and kept.
 */
export async function rootOf(suite: Suite, report: Report): Promise<string> {
  if (!isRoot())
    throw new Error('A broker of another Debian release runs by chroot, which only root may do: use sudo.');
  const root = join(BROKERS, suite.name);
  if (existsSync(root)) return root;
  mkdirSync(BROKERS, { recursive: true });
  report(`unpacking RabbitMQ of Debian ${suite.name} (once)`);
  const partial = `${root}.partial`;
  rmSync(partial, { recursive: true, force: true });
  await unpackDebian({ suite: suite.name, packages: ['?essential', 'rabbitmq-server'], target: partial }, report);
  // A node's name ends in @localhost; nothing is configured, so nothing else says what that is.
  writeFileSync(join(partial, 'etc', 'hosts'), '127.0.0.1 localhost\n');
  renameSync(partial, root);
  return root;
}
