import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Settings } from '@esteira/settings';
import { Obstacle } from '../src/obstacle.ts';
import { REPOSITORY } from '../src/paths.ts';

/**
 * Whether the consumers' user can read the folder of a verifier, which their containers see as it is.
 *
 * @throws Obstacle where the mode of the folder or of a file in it forbids that (a checkout under umask 077).
 */
export function checkVerifier({ VERIFIER_MODULE }: Pick<Settings, 'VERIFIER_MODULE'>): void {
  if (VERIFIER_MODULE === '') return;
  const folder = dirname(resolve(REPOSITORY, VERIFIER_MODULE));
  if (!existsSync(folder)) return; // Compose says so.
  const closed = [folder, ...readdirSync(folder).map((name) => join(folder, name))].find((path) => !isOpen(path));
  if (closed === undefined) return;
  throw new Obstacle(
    `VERIFIER_MODULE: the consumers run as another user and can't read ${closed}. ` +
      `Let others read the folder: chmod -R go+rX ${folder}`,
  );
}

function isOpen(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return true; // A link to nowhere.
  const wanted = stat.isDirectory() ? 0o005 : 0o004;
  return (stat.mode & wanted) === wanted;
}
