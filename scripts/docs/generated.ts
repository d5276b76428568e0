import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { envExample, settingsTable } from '@esteira/config';
import { diagrams } from './diagram.ts';

export const ROOT = join(import.meta.dirname, '..', '..');

const BEGIN = '<!-- settings: made by make docs -->';
const END = '<!-- /settings -->';

/** Every file that is made from the code, in whole or in part: what it should hold, by its path. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['.env.example', envExample()],
    ['README.md', withSettings(readFileSync(join(ROOT, 'README.md'), 'utf8'))],
    ...[...diagrams()].map(([name, svg]): [string, string] => [`readme_images/${name}`, svg]),
  ]);
}

function withSettings(readme: string): string {
  const [before, rest] = readme.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined) throw new Error(`README.md has no ${BEGIN} … ${END}`);
  return `${before}${BEGIN}\n\n${settingsTable()}\n\n${END}${after}`;
}
