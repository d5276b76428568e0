import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { REPOSITORY } from '@esteira/infra';
import { installPip } from '../../infra/native/packages.ts';

const run = promisify(execFile);
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
const CONFIGURATION = join(import.meta.dirname, 'schemathesis.toml');
const CACHE = join(REPOSITORY, '.local', 'cache');
/** Where it keeps what it remembers of a run. */
const WORK = join(REPOSITORY, '.local', 'fuzz');

/** One run over an OpenAPI document. */
export interface FuzzRun {
  /** Of the API, for example `http://127.0.0.1:8001`. */
  readonly url: string;
  readonly seed: number;
  /** All phases together. What takes longer is cut short. */
  readonly seconds: number;
}

/**
 * Schemathesis, of the version in requirements.txt, in a directory of its own: fetched from PyPI once. pip is installed
 * where it is missing and can be.
 */
export async function fetchSchemathesis(report: (line: string) => void): Promise<string> {
  const version = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 8);
  const target = join(CACHE, `schemathesis-${version}`);
  if (existsSync(target)) return target;
  await installPip(report);
  report('fetching Schemathesis from PyPI');
  mkdirSync(CACHE, { recursive: true });
  const half = mkdtempSync(join(CACHE, 'fetch-'));
  const options = [
    '--quiet',
    '--no-deps',
    '--only-binary=:all:',
    '--disable-pip-version-check',
    '--root-user-action=ignore',
  ];
  try {
    await run('python3', ['-m', 'pip', 'install', ...options, '--target', half, '-r', REQUIREMENTS]);
    renameSync(half, target);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  return target;
}

/**
 * Runs all checks in all phases.
 *
 * @returns its report.
 * @throws Error with the report, which has a reproduction of each failure, when it found anything.
 */
export async function fuzz(schemathesis: string, { url, seed, seconds }: FuzzRun): Promise<string> {
  mkdirSync(WORK, { recursive: true });
  const options = ['--checks', 'all', '--seed', String(seed), '--max-time', String(seconds), '--no-color'];
  const python = ['-m', 'schemathesis.cli', '--config-file', CONFIGURATION, 'run', `${url}/docs/json`, ...options];
  const path = [schemathesis, import.meta.dirname].join(':');
  const env = { ...process.env, PYTHONPATH: path, PYTHONDONTWRITEBYTECODE: '1' };
  try {
    const { stdout } = await run('python3', python, { cwd: WORK, env, maxBuffer: 64 * 2 ** 20 });
    // When the time ends while it looks into a check that itself went wrong, it counts that, and calls the run good.
    if (/\d errored/.test(stdout)) throw Object.assign(new Error('A check went wrong'), { stdout });
    return stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    // It could not be started, or was killed.
    if (stdout === undefined) throw error;
    const found = `Schemathesis found something at ${url} with the seed ${seed}:\n${stdout}${stderr ?? ''}`;
    throw Object.assign(new Error(found), { stack: found });
  }
}
