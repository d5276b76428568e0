import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { envExample, settingsTable } from '@esteira/config';
import { allSettings } from '@esteira/settings';
import { diagrams } from './diagram.ts';

export const ROOT = join(import.meta.dirname, '..', '..');

const BEGIN = '<!-- settings: made by make docs -->';
const END = '<!-- /settings -->';

const SETTINGS = allSettings.documents();

/** The settings that the README shows; docs/settings.md has all. */
const MOST_IMPORTANT = [
  'SYSTEMS',
  'SYSTEM1_DATABASE_URL',
  'ENDPUT_DATABASE_URL',
  'OPERATOR_API_KEYS',
  'HOST',
  'VERIFIER',
  'MAX_ATTEMPTS',
  'RETRY_DELAY_MS',
  'CONSUMERS',
  'ATTEMPT_LOG_TTL_SECONDS',
];

/** Every file that is made from the code, in whole or in part: what it should hold, by its path. */
export function generatedFiles(): ReadonlyMap<string, string> {
  return new Map([
    ['.env.example', envExample(SETTINGS)],
    ['README.md', withSettings('README.md', settingsTable(SETTINGS, MOST_IMPORTANT))],
    ['docs/settings.md', withSettings('docs/settings.md', settingsTable(SETTINGS))],
    ...[...diagrams()].map(([name, svg]): [string, string] => [`readme_images/${name}`, svg]),
  ]);
}

function withSettings(document: string, table: string): string {
  const [before, rest] = readFileSync(join(ROOT, document), 'utf8').split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined) throw new Error(`${document} has no ${BEGIN} … ${END}`);
  return `${before}${BEGIN}\n\n${table}\n\n${END}${after}`;
}
