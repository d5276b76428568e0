import { readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Settings } from '@esteira/settings';
import { REPOSITORY, type Place } from '../src/paths.ts';
import { withValues } from '../src/settings.ts';
import { composeValues, filesIn, inQuotes } from './compose.ts';
import { isSetting } from './project.ts';

const HEADING = '# For `docker compose` by hand. `make start` writes these lines, from what stands above.';

/**
 * Writes to `.env` what `docker compose` by hand needs to mean what `make start` has started: the same files and values.
 * A value of a setting stands there already, and is left as it is.
 */
export function writeForHands(settings: Settings, { envFile, compose }: Place): void {
  const { appValues, added } = filesIn(compose);
  const values: Record<string, string> = {
    COMPOSE_FILE: `docker-compose.yml:${relative(REPOSITORY, added)}`,
    COMPOSE_PROFILES: 'all',
    ESTEIRA_ENV_FILE: join('.', relative(REPOSITORY, appValues)),
    ...composeValues(settings),
  };
  const derived = Object.entries(values).filter(([name]) => !isSetting(name));
  const before = readFileSync(envFile, 'utf8');
  const headed = before.includes(HEADING) ? before : `${before.replace(/\n*$/, '\n\n')}${HEADING}\n`;
  const after = withValues(headed, Object.fromEntries(derived.map(([name, value]) => [name, inQuotes(value)])));
  if (after !== before) writeFileSync(envFile, after);
}
