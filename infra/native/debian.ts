import { existsSync } from 'node:fs';
import { execa } from 'execa';
import type { Report } from '../src/runtime.ts';
import { installPackages, onPath } from './packages.ts';

/** Debian packages to unpack, with what they depend on. */
export interface Unpacking {
  /** A release, for example `trixie`. */
  readonly suite: string;
  readonly packages: readonly string[];
  /** A directory, or a file that ends in .tar. */
  readonly target: string;
  /** Further options of mmdebstrap; unless they say otherwise, nothing is configured. */
  readonly options?: readonly string[];
}

/** Unpacks packages of any Debian release beside the machine's own: nothing is installed but mmdebstrap, where it is missing. */
export async function unpackDebian(
  { suite, packages, target, options = [] }: Unpacking,
  report: Report,
): Promise<void> {
  if (onPath('mmdebstrap') === undefined) {
    report('installing mmdebstrap (apt-get)');
    await installPackages('mmdebstrap');
  }
  const all = [
    '--mode=root',
    ...(options.some((option) => option.startsWith('--variant')) ? [] : ['--variant=extract']),
    ...packages.map((name) => `--include=${name}`),
    '--aptopt=Apt::Install-Recommends "false"',
    // The index of a release in testing is valid for a week only: a mirror that is behind still has packages whose
    // signatures hold, and those are checked.
    '--aptopt=Acquire::Check-Valid-Until "false"',
    ...(await ownWayOut()).map((line) => `--aptopt=${line}`),
    ...options,
  ];
  const archive = `deb ${await mirror()} ${suite} main`;
  await execa('mmdebstrap', [...all, suite, target, archive], { stdin: 'ignore', timeout: 15 * 60_000 });
  if (!existsSync(target)) throw new Error(`mmdebstrap made no ${target}.`);
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
  throw new Error("This machine's apt has no Debian archive (Origin: Debian, main), so there is none to unpack from.");
}

async function archives(): Promise<string | undefined> {
  const args = ['indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages', 'Origin: Debian', 'Label: Debian'];
  const { stdout } = await execa('apt-get', [...args, 'Component: main']);
  return stdout.split('\n').find((line) => line !== '');
}
