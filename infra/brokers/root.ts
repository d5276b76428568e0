import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { onPath } from '../native/packages.ts';
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
  if (onPath('mmdebstrap') === undefined) await installMmdebstrap(report);
  report(`unpacking RabbitMQ of Debian ${suite.name} (once)`);
  const partial = `${root}.partial`;
  rmSync(partial, { recursive: true, force: true });
  await unpack(suite, partial);
  // A node's name ends in @localhost; nothing is configured, so nothing else says what that is.
  writeFileSync(join(partial, 'etc', 'hosts'), '127.0.0.1 localhost\n');
  renameSync(partial, root);
  return root;
}

async function installMmdebstrap(report: Report): Promise<void> {
  report('installing mmdebstrap (apt-get)');
  await execa('sh', [fileURLToPath(new URL('../native/install.sh', import.meta.url)), 'mmdebstrap'], {
    stdin: 'ignore',
  });
}

async function unpack(suite: Suite, into: string): Promise<void> {
  const options = [
    '--mode=root',
    '--variant=extract',
    '--include=?essential',
    '--include=rabbitmq-server',
    '--aptopt=Apt::Install-Recommends "false"',
    // The index of a release in testing is valid for a week only: a mirror that is behind still has packages whose
    // signatures hold, and those are checked.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    ...(await ownWayOut()).map((line) => `--aptopt=${line}`),
  ];
  const archive = `deb ${await mirror()} ${suite.name} main`;
  await execa('mmdebstrap', [...options, suite.name, into, archive], { stdin: 'ignore', timeout: 10 * 60_000 });
}

/** Proxies and the like of this machine's apt. */
async function ownWayOut(): Promise<string[]> {
  const { stdout } = await execa('apt-config', ['dump', '--no-empty']);
  return stdout.split('\n').filter((line) => /^Acquire::https?::/.test(line));
}

/** The Debian archive that this machine's apt uses. */
async function mirror(): Promise<string> {
  const found = (await archives()) ?? (await execa('apt-get', ['update', '-q']), await archives());
  if (found !== undefined) return found;
  throw new Error(
    "This machine's apt has no Debian archive (Origin: Debian, main), so there is none to fetch brokers from.",
  );
}

async function archives(): Promise<string | undefined> {
  const args = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages', 'Origin: Debian', 'Label: Debian'];
  const { stdout } = await execa('apt-get', [...args, 'Component: main']);
  return stdout.split('\n').find((line) => line !== '');
}
