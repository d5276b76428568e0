import { createHash } from 'node:crypto';
import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY, type Report } from '@esteira/infra';
import { execa } from 'execa';
import { unpackDebian } from '../../infra/native/debian.ts';
import { mongodPath } from '../../infra/src/mongod.ts';

/** The release whose servers stand in, and what they come from; the Dockerfile beside has a target for each image. */
const SUITE = 'trixie';
const PACKAGES = ['postgresql', 'redis-server', 'rabbitmq-server', 'libcurl4t64', 'ca-certificates', 'procps'];
const BASE = 'esteira-stand-in/debian';
const NPM = 'npm@11.6.0';

/** On a stand-in: what it was made of. */
const LABEL = 'esteira.stand-in';

/**
 * Makes sure that the engine has every image that is used here: pulled, or where no registry can be reached, stand-ins
 * under the same names. For an engine of our own alone. Resolves with whether they are stand-ins.
 */
export async function haveImages(work: string, report: Report): Promise<boolean> {
  const recipe = recipeOf();
  const missing: string[] = [];
  for (const image of imagesUsed()) {
    const madeOf = await labelOf(image);
    if (madeOf === undefined ? !(await pulled(image)) : madeOf !== '' && madeOf !== recipe) missing.push(image);
  }
  if (missing.length > 0) {
    report(`no registry has ${missing.join(', ')}: making stand-ins of Debian's packages (once)`);
    if ((await labelOf(BASE)) === undefined) await makeBase(work, report);
    const context = await makeContext(work, report);
    for (const image of missing) {
      const [target = ''] = image.split(':');
      await docker('build', '--target', target, '--tag', image, '--label', `${LABEL}=${recipe}`, context);
    }
    rmSync(context, { recursive: true });
  }
  return (await labelOf(BASE)) !== undefined;
}

/** What the stand-ins are made of: other entrypoints are other images. */
function recipeOf(): string {
  const directory = join(import.meta.dirname, 'images');
  const hash = createHash('sha256').update(NPM);
  for (const file of readdirSync(directory).sort()) hash.update(readFileSync(join(directory, file)));
  return hash.digest('hex').slice(0, 12);
}

/** What docker-compose.yml and the Dockerfiles name, so that this list can't differ from theirs. */
function imagesUsed(): string[] {
  const files = ['docker-compose.yml', ...globSync('infra/docker/{*.yml,*Dockerfile}', { cwd: REPOSITORY })];
  const texts = files.map((file) => readFileSync(join(REPOSITORY, file), 'utf8')).join('\n');
  const named = [...texts.matchAll(/^ *(?:image:|FROM) (\S+:\S+)/gm)].map(([, image = '']) => image);
  return [...new Set(named)];
}

/** The recipe of a stand-in; empty for any other image; undefined where there is none of this name. */
async function labelOf(image: string): Promise<string | undefined> {
  const format = `{{index .Config.Labels "${LABEL}"}}`;
  const { exitCode, stdout } = await execa('docker', ['image', 'inspect', '--format', format, image], {
    reject: false,
  });
  return exitCode === 0 ? stdout.trim() : undefined;
}

/** A registry that can be reached answers within this; one that can't be is not waited for. */
async function pulled(image: string): Promise<boolean> {
  return (await execa('docker', ['pull', '--quiet', image], { reject: false, timeout: 5 * 60_000 })).exitCode === 0;
}

async function makeBase(work: string, report: Report): Promise<void> {
  mkdirSync(work, { recursive: true });
  const target = join(work, 'debian.tar');
  report(`unpacking the servers of Debian ${SUITE} (once)`);
  await unpackDebian({ suite: SUITE, packages: PACKAGES, target, options: CONFIGURED }, report);
  await docker('import', target, BASE);
  rmSync(target);
}

/** Configured, so that users and links are there; without what nobody reads, and without a cluster of Postgres. */
const CONFIGURED = [
  '--variant=essential',
  '--dpkgopt=force-unsafe-io',
  ...['doc', 'man', 'locale'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
  '--setup-hook=mkdir -p "$1/etc/postgresql-common/createcluster.d"',
  '--setup-hook=echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.d/none.conf"',
];

/** What the Dockerfile copies: the entrypoints, mongod, Node.js and npm, and how this machine's npm reaches its registry. */
async function makeContext(work: string, report: Report): Promise<string> {
  const context = join(work, 'context');
  rmSync(context, { recursive: true, force: true });
  mkdirSync(join(context, 'npm'), { recursive: true });
  cpSync(join(import.meta.dirname, 'images'), context, { recursive: true });
  cpSync(await mongodPath(process.env, report), join(context, 'mongod'));
  cpSync(process.execPath, join(context, 'node'));
  cpSync('/etc/ssl/certs/ca-certificates.crt', join(context, 'ca-certificates.crt'));
  const npm = (...args: string[]) => execa('npm', args, { cwd: context });
  const { stdout: archive } = await npm('pack', '--silent', NPM);
  await execa('tar', ['-xzf', archive.trim(), '--strip-components=1', '-C', 'npm'], { cwd: context });
  const { stdout: registry } = await npm('config', 'get', 'registry');
  writeFileSync(join(context, 'npmrc'), `registry=${registry.trim()}\n`);
  return context;
}

const docker = (...args: string[]) => execa('docker', args, { stdin: 'ignore', timeout: 10 * 60_000 });
