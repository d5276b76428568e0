import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import envSchema from 'env-schema';
import type { RetrySchedule } from '@esteira/pipeline';
import { Type, type TSchema } from 'typebox';
import { parseApiKeys } from './api-keys.ts';
import { contradictions } from './contradictions.ts';
import { formatOwnTable, parseOwnTable } from './own-table.ts';
import { parseRetrySchedule } from './retry-schedule.ts';
import { unsafeSettings } from './safety.ts';
import { DEFAULT_SYSTEMS, settingsSchema, systemSettings, type Settings, type System } from './schema.ts';
import { readSecretFile, shown } from './secret-file.ts';
import { urlProblems } from './urls.ts';

/** Variables as a process has them. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Everything that is wrong with the settings, at once. The message has a line for each mistake. */
export class SettingsError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`Settings can't be used:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'SettingsError';
    this.problems = problems;
  }
}

/** The variables of an env file; none where the file is not there. */
export function readEnvFile(path: string): Env {
  // An editor of Windows may put a byte order mark before the first name.
  return existsSync(path) ? parseEnv(readFileSync(path, 'utf8').replace(/^\uFEFF/, '')) : {};
}

/**
 * The settings of a process of its own: its environment over the env file. `ESTEIRA_ENV_FILE` names another one than
 * `.env`; what is started with all its settings reads none.
 */
export function processSettings(env: Env): Settings {
  return loadSettings(readEnvFile(env['ESTEIRA_ENV_FILE'] ?? '.env'), env);
}

/**
 * Checks the settings and fills in defaults. Of several layers the later ones win, for example the command line over
 * `.env`. Empty values count as not set. `NAME_FILE` names a file that holds the value of `NAME` (a secret); it wins over
 * a `NAME` of an earlier layer and gives way to one of a later layer; in one layer only one of the two may stand.
 *
 * @throws SettingsError with all mistakes. Values are never part of it: they may be secrets.
 */
export function loadSettings(...layers: readonly Env[]): Settings {
  const names = Object.keys(settingsSchema.properties);
  const problems: string[] = [];
  const env = layered(layers);
  const given = givenValues(env, names, problems);
  const systems = (given['SYSTEMS'] ?? DEFAULT_SYSTEMS).split(',');
  const perSystem: Record<string, TSchema> = {};
  systems.forEach((name, i) => Object.assign(perSystem, systemSettings(i + 1, name)));
  Object.assign(given, givenValues(env, Object.keys(perSystem), problems));
  if (new Set(systems).size < systems.length) problems.push('SYSTEMS names a system twice');

  const values = validated({ ...settingsSchema.properties, ...perSystem }, given, problems);
  problems.push(...urlProblems(given), ...contradictions(given));
  problems.push(...unsafeSettings({ ...settingsSchema.properties, ...perSystem }, given));
  if (problems.length > 0) throw new SettingsError(problems.map((problem) => namingFile(problem, env)));
  return Object.freeze({
    ...(values as unknown as Settings),
    systems: Object.freeze(systems.map(systemOf(values))),
    apiKeys: parseApiKeys(given['OPERATOR_API_KEYS'] ?? '', given['VIEWER_API_KEYS'] ?? '').keys,
    retrySchedule: retryScheduleOf(values as unknown as Settings),
  });
}

/** All settings, one `[name, value]` each, those of the systems included, as `make -s env` prints them. */
export function settingsEntries(settings: Settings): [name: string, value: string][] {
  const names = Object.keys(settingsSchema.properties) as (keyof typeof settingsSchema.properties)[];
  return [
    ...names.map((name): [string, string] => [name, String(settings[name])]),
    ...settings.systems.flatMap((system, i): [string, string][] => [
      [`SYSTEM${i + 1}_API_PORT`, String(system.apiPort)],
      [`SYSTEM${i + 1}_DATABASE_URL`, system.databaseUrl],
      ...ownTableEntries(i + 1, system),
    ]),
  ];
}

function ownTableEntries(n: number, { ownTable }: System): [string, string][] {
  if (ownTable === undefined) return [];
  const { table, columns } = formatOwnTable(ownTable);
  return [
    [`SYSTEM${n}_TABLE`, table],
    [`SYSTEM${n}_COLUMNS`, columns],
  ];
}

const systemOf =
  (values: Record<string, unknown>) =>
  (name: string, index: number): System => {
    const of = (what: string) => values[`SYSTEM${index + 1}_${what}`];
    const table = of('TABLE') as string;
    const own = table === '' ? undefined : parseOwnTable(table, of('COLUMNS') as string);
    return {
      name,
      apiPort: of('API_PORT') as number,
      databaseUrl: of('DATABASE_URL') as string,
      // What `contradictions` let through can be read.
      ...(own === undefined || 'problem' in own ? {} : { ownTable: own }),
    };
  };

/** What `contradictions` let through can be read. */
function retryScheduleOf({ RETRY_SCHEDULE, RETRY_DELAY_MS }: Settings): RetrySchedule {
  const schedule = RETRY_SCHEDULE === '' ? undefined : parseRetrySchedule(RETRY_SCHEDULE);
  return schedule === undefined || 'problem' in schedule ? { kind: 'list', delaysMs: [RETRY_DELAY_MS] } : schedule;
}

/** A later `NAME` takes the place of an earlier `NAME_FILE`, and the other way round. */
function layered(layers: readonly Env[]): Env {
  const result = new Map<string, string>();
  for (const layer of layers) {
    const given = Object.entries(layer).filter((entry): entry is [string, string] => Boolean(entry[1]));
    for (const [name] of given) result.delete(name.endsWith('_FILE') ? name.slice(0, -'_FILE'.length) : `${name}_FILE`);
    for (const [name, value] of given) result.set(name, value);
  }
  return Object.fromEntries(result);
}

function givenValues(env: Env, names: readonly string[], problems: string[]): Record<string, string> {
  const given: Record<string, string> = {};
  for (const name of names) {
    const value = env[name];
    const file = env[`${name}_FILE`];
    if (value !== undefined && file !== undefined) problems.push(`${name} and ${name}_FILE are both set: remove one`);
    else if (value !== undefined) given[name] = value;
    else if (file !== undefined) {
      const read = readSecretFile(name, file);
      if ('problem' in read) problems.push(read.problem);
      else given[name] = read.value;
    }
  }
  return given;
}

/** A problem of a value that came from a file names that file. */
function namingFile(problem: string, env: Env): string {
  const [name = ''] = problem.split(' ', 1);
  const file = env[`${name}_FILE`];
  if (file === undefined || env[name] !== undefined) return problem;
  return `${name}, read from ${shown(file)},${problem.slice(name.length)}`;
}

function validated(
  properties: Record<string, TSchema>,
  given: Record<string, string>,
  problems: string[],
): Record<string, unknown> {
  try {
    // env-schema marks its schema and validates with defaults and coercion; all errors at once.
    return envSchema({ schema: Type.Object(properties), data: given, env: false });
  } catch (error) {
    const details = (error as { errors?: AjvError[] }).errors;
    if (details === undefined) throw error;
    problems.push(...details.map(explained));
    return {};
  }
}

interface AjvError {
  instancePath: string;
  keyword: string;
  message?: string;
  params: { allowedValues?: string[] };
}

function explained({ instancePath, message, params }: AjvError): string {
  const allowed = params.allowedValues === undefined ? '' : ` (${params.allowedValues.join(', ')})`;
  return `${instancePath.slice(1)} ${message ?? 'is wrong'}${allowed}`;
}
