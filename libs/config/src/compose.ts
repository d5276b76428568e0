import { existsSync, readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import envSchema from 'env-schema';
import { Type, type TSchema } from 'typebox';
import type { Given, SettingsPart } from './part.ts';
import { readSecretFile, shown } from './secret-file.ts';
import { urlProblems, type UrlKind } from './urls.ts';

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

/** What people read about one setting. */
export interface SettingDocument {
  readonly name: string;
  readonly default: string;
  readonly description: string;
}

/** The settings of several packages, read and checked as one. */
export interface Composition<Settings> {
  /**
   * Checks the settings and fills in defaults. Of several layers the later ones win, for example the command line over
   * `.env`. Empty values count as not set. `NAME_FILE` names a file that holds the value of `NAME` (a secret); it wins
   * over a `NAME` of an earlier layer and gives way to one of a later layer; in one layer only one of the two may stand.
   *
   * @throws SettingsError with all mistakes. Values are never part of it: they may be secrets.
   */
  load(...layers: readonly Env[]): Settings;
  /** All settings, one `[name, value]` each, as `make -s env` prints them. */
  entries(settings: Settings): [name: string, value: string][];
  /** Every setting with its default and description. */
  documents(): SettingDocument[];
  /** What a setting leads to that is a URL. */
  readonly urlKind: (name: string) => UrlKind | undefined;
}

/** Composes what a process reads of what packages declare. The type is the intersection of `SettingsOf` each part. */
export function composeSettings<Settings extends object>(parts: readonly SettingsPart[]): Composition<Settings> {
  const properties = merged<TSchema>(parts.map((part) => part.properties));
  const further = (given: Given) => merged<TSchema>(parts.map((part) => part.further?.(given) ?? {}));
  const urlKind = (name: string) => parts.map((part) => part.urlKind?.(name)).find((kind) => kind !== undefined);
  return {
    load(...layers) {
      const problems: string[] = [];
      const env = layered(layers);
      const first = givenValues(env, Object.keys(properties), problems);
      const all = { ...properties, ...further(first) };
      const given = { ...first, ...givenValues(env, Object.keys(further(first)), problems) };
      const values = validated(all, given, problems);
      const used = without(all, parts.filter((part) => part.isUsed?.(given) === false).flatMap(namesOf(given)));
      problems.push(...urlProblems(given, urlKind), ...parts.flatMap((part) => part.problems?.(given, used) ?? []));
      if (problems.length > 0) throw new SettingsError(problems.map((problem) => namingFile(problem, env)));
      const derived = merged<unknown>(parts.map((part) => part.derived?.(values, given) ?? {}));
      return Object.freeze({ ...values, ...derived }) as Settings;
    },
    entries: (settings) => [
      ...Object.keys(properties).map((name): [string, string] => [name, String(settings[name as keyof Settings])]),
      ...parts.flatMap((part) => part.furtherEntries?.(settings) ?? []),
    ],
    documents: () => Object.entries({ ...properties, ...further({}) }).map(documentOf),
    urlKind,
  };
}

const namesOf =
  (given: Given) =>
  (part: SettingsPart): string[] =>
    Object.keys({ ...part.properties, ...part.further?.(given) });

const without = <T>(all: Readonly<Record<string, T>>, names: readonly string[]): Record<string, T> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));

const merged = <T>(some: readonly object[]): Record<string, T> => Object.assign({}, ...some) as Record<string, T>;

function documentOf([name, schema]: [name: string, schema: TSchema]): SettingDocument {
  const { default: value = '', description = '' } = schema as { default?: unknown; description?: string };
  return { name, default: String(value), description };
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
