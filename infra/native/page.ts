import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { REPOSITORY } from '../src/paths.ts';
import type { Report } from '../src/runtime.ts';

const WEB = join(REPOSITORY, 'apps/console/web');
/** What the page is made of. */
const SOURCES = ['src', 'public', 'index.html', 'package.json', 'vite.config.ts'];

/** Builds the console's page where it is missing, or older than what it is made of. A failure leaves the API alone. */
export async function buildPage(report: Report): Promise<void> {
  if (timeOf(join(WEB, 'dist/index.html')) >= Math.max(...SOURCES.map((name) => newestIn(join(WEB, name))))) return;
  report("building the console's page");
  const { exitCode, all } = await execa('npm', ['run', '-s', 'build'], {
    cwd: REPOSITORY,
    all: true,
    reject: false,
    stdin: 'ignore',
    // Vite takes another value for a wish to build for development.
    env: { NODE_ENV: 'production' },
  });
  if (exitCode !== 0) report(`the console's page could not be built; its API runs all the same:\n${all}`);
}

/** When the newest file of a tree was changed, in milliseconds since 1970; 0 where there is none. */
function newestIn(path: string): number {
  if (!(statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false)) return timeOf(path);
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  return Math.max(0, ...names.map((name) => timeOf(join(path, name))));
}

const timeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
