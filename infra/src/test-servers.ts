import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readEnvFile, type Env } from '@esteira/config';
import { loadSettings, settingsEntries, type Settings } from '@esteira/settings';
import { isAlive, startOf } from '../native/processes.ts';
import { runtimeAt } from './choose-runtime.ts';
import { privatePlace, REPOSITORY, type Place } from './paths.ts';
import type { Report, Runtime } from './runtime.ts';

/** Servers of its own for a run of the tests. */
export interface TestServers {
  /** Every setting, resolved to these servers. */
  readonly env: Record<string, string>;
  /** Ends them and removes their data. */
  stop(): Promise<void>;
}

const LOCAL = join(REPOSITORY, '.local');

/** Where `npm run -s test:servers` writes the settings of the servers it keeps up. */
export const KEPT_ENV_FILE = join(LOCAL, 'test-servers.env');

/** The settings of servers that `npm run -s test:servers` keeps up; undefined where it doesn't run. */
export function keptTestServers(): Record<string, string> | undefined {
  const { ESTEIRA_TEST_OWNER: owner, ...env } = readEnvFile(KEPT_ENV_FILE);
  if (owner === undefined || startOf(Number(owner)) === undefined) return undefined;
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value ?? '']));
}

/**
 * Starts private servers on free ports in a directory of their own: what `make start` runs is never touched. Servers
 * of a test run that was killed are ended and removed first.
 */
export async function startTestServers(env: Env, report: Report): Promise<TestServers> {
  await removeAbandoned(env, report);
  const { runtime, remove } = await openPrivateCopy(env);
  try {
    // Addresses of the command line are those of `make start`: none of them gets here.
    const settings = await runtime.start({ MONGOD_BIN: env['MONGOD_BIN'] }, { profile: 'test-servers', report });
    return { env: { ...Object.fromEntries(settingsEntries(settings)), ...withoutServer(settings) }, stop: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** What no app of the pipelines that run here needs has no server: databases for its tests are made beside the endput's. */
const withoutServer = ({ ENDPUT_DATABASE_URL }: Settings): Record<string, string> => ({
  TASKS_DATABASE_URL: ENDPUT_DATABASE_URL,
});

/** A running copy of Esteira for one purpose, in a place of its own. */
export interface PrivateCopy {
  readonly name: string;
  readonly place: Place;
  readonly runtime: Runtime;
  readonly remove: () => Promise<void>;
  /** Leaves the place to whoever wants to look at it: it is not removed when this process is gone. */
  readonly keep: () => void;
}

/** A place of its own that belongs to this process, with settings on ports for tests; nothing runs there yet. */
export async function openPrivateCopy(env: Env, kind: 'test' | 'drill' = 'test'): Promise<PrivateCopy> {
  const name = `${kind}-${randomBytes(3).toString('hex')}`;
  const place = privatePlace(name);
  mkdirSync(dirname(place.envFile), { recursive: true });
  writeFileSync(ownerFile(name), `${process.pid} ${startOf(process.pid) ?? ''}`);
  writeFileSync(place.envFile, testEnv());
  return {
    name,
    place,
    runtime: await runtimeAt(env, place, projectOf(name)),
    remove: () => remove(env, name, place),
    keep: () => {
      rmSync(ownerFile(name), { force: true });
    },
  };
}

/** The default settings on ports of a range that tests alone use, from a random start. */
function testEnv(): string {
  const settings = loadSettings({});
  let port = 10_000 + Math.floor(Math.random() * 9_000);
  const isAddress = (name: string) => name.endsWith('_URL') || name.endsWith('_PORT');
  const lines = settingsEntries(settings)
    .filter(([name]) => isAddress(name))
    .map(([name, value]) => {
      port += 20; // room for ranges, and for what is taken
      return `${name}=${value.replace(/^\d+$|:\d+(?=\/|$)/, (match) => (match.startsWith(':') ? `:${port}` : String(port)))}`;
    });
  return `${lines.join('\n')}\n`;
}

const ownerFile = (name: string): string => join(LOCAL, `${name}.owner`);

const projectOf = (name: string): string => `esteira-${name}`;

async function remove(env: Env, name: string, place: Place): Promise<void> {
  const runtime = await runtimeAt(env, place, projectOf(name));
  await runtime.prune({ report: () => undefined });
  rmSync(ownerFile(name), { force: true });
}

/** Ends and removes the servers of tests and drills whose process is gone. */
export async function removeAbandoned(env: Env, report: Report): Promise<void> {
  if (!existsSync(LOCAL)) return;
  for (const file of readdirSync(LOCAL).filter((entry) => /^(test|drill)-[0-9a-f]{6}\.owner$/.test(entry))) {
    const name = file.slice(0, -'.owner'.length);
    const [pid = '', startedAt = ''] = readFileSync(join(LOCAL, file), 'utf8').split(' ');
    if (isAlive(Number(pid), startedAt)) continue;
    report(`removing the servers of a run that was killed (${name})`);
    await remove(env, name, privatePlace(name));
  }
}
