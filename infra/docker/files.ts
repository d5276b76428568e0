import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { AppService, Service } from '../src/catalogue.ts';
import { Obstacle } from '../src/obstacle.ts';
import { REPOSITORY } from '../src/paths.ts';

/** A file of the user's as an app's container has it: with those beside it, which it may import. */
interface UserFile {
  readonly setting: string;
  readonly folder: string;
  readonly folderInside: string;
  readonly inside: string;
}

/** `VERIFIER_MODULE` is in `/app/verifier`: below the app, whose packages it may import. */
const userFiles = ({ files }: AppService): UserFile[] =>
  Object.entries(files).map(([setting, file]) => {
    const folderInside = `/app/${setting
      .replace(/_MODULE$/, '')
      .toLowerCase()
      .replaceAll('_', '-')}`;
    return {
      setting,
      folder: dirname(resolve(REPOSITORY, file)),
      folderInside,
      inside: `${folderInside}/${basename(file)}`,
    };
  });

/** The folders of the user's files as Compose mounts them. */
export const volumesOf = (app: AppService): object[] =>
  userFiles(app).map(({ folder, folderInside }) => {
    const source = folder.replaceAll('$', () => '$$');
    return { type: 'bind', source, target: folderInside, read_only: true };
  });

/** Where the app finds the user's files, by the settings that name them. */
export const pathsInside = (app: AppService): Record<string, string> =>
  Object.fromEntries(userFiles(app).map(({ setting, inside }) => [setting, inside]));

/**
 * Whether the apps' user can read the folders of the user's files, which their containers see as they are.
 *
 * @throws Obstacle where the mode of a folder or of a file in it forbids that (a checkout under umask 077).
 */
export function checkFiles(services: readonly Service[]): void {
  for (const service of services) {
    if (service.kind === 'server') continue;
    for (const { setting, folder } of userFiles(service)) checkFolder(service.name, setting, folder);
  }
}

function checkFolder(app: string, setting: string, folder: string): void {
  if (!existsSync(folder)) return; // Compose says so.
  const closed = [folder, ...readdirSync(folder).map((name) => join(folder, name))].find((path) => !isOpen(path));
  if (closed === undefined) return;
  throw new Obstacle(
    `${setting}: ${app} runs as another user and can't read ${closed}. ` +
      `Let others read the folder: chmod -R go+rX ${folder}`,
  );
}

function isOpen(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return true; // A link to nowhere.
  const wanted = stat.isDirectory() ? 0o005 : 0o004;
  return (stat.mode & wanted) === wanted;
}
