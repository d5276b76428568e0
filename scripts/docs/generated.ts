import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { envExample, settingsTable } from '@esteira/config';
import { allSettings } from '@esteira/settings';
import { clockChangesTable } from './clock-changes.ts';
import { diagrams } from './diagram.ts';

export const ROOT = join(import.meta.dirname, '..', '..');

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
    ['README.md', withPart('README.md', 'settings', settingsTable(SETTINGS, MOST_IMPORTANT))],
    ['docs/settings.md', withPart('docs/settings.md', 'settings', settingsTable(SETTINGS))],
    ['docs/schedules.md', withPart('docs/schedules.md', 'clock changes', clockChangesTable())],
    ...[...diagrams()].map(([name, svg]): [string, string] => [`readme_images/${name}`, svg]),
  ]);
}

/** A document with the part between `<!-- name: made by make docs -->` and `<!-- /name -->` made anew. */
function withPart(document: string, name: string, part: string): string {
  const begin = `<!-- ${name}: made by make docs -->`;
  const end = `<!-- /${name} -->`;
  const [before, rest] = readFileSync(join(ROOT, document), 'utf8').split(begin);
  const [, after] = rest?.split(end) ?? [];
  if (before === undefined || after === undefined) throw new Error(`${document} has no ${begin} … ${end}`);
  return `${before}${begin}\n\n${part}\n\n${end}${after}`;
}
