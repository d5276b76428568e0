import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { digest } from './context.ts';

/**
 * Names the code that an app is made of: its own files, those of the libraries, and the versions of packages. It stands
 * in the app's environment, so that one whose code has changed is restarted.
 *
 * @param main the app's first file, below `root`
 * @param others paths of further files that it loads; one that can't be read counts as empty
 */
export function codeOf(root: string, main: string, others: readonly string[] = []): string {
  const libraries = readdirSync(join(root, 'libs')).map((name) => join(root, 'libs', name, 'src'));
  const files = [dirname(join(root, main)), ...libraries].flatMap(filesBelow);
  return digest(...[...files, join(root, 'package-lock.json'), ...others].flatMap((file) => [file, textOf(file)]));
}

function filesBelow(directory: string): string[] {
  return entries(directory)
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
}

function entries(directory: string) {
  try {
    return readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  } catch {
    return []; // A library without a folder `src`.
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
