import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { envExample, readEnvFile, type Env } from '@esteira/config';
import { allSettings, loadSettings, settingsEntries, type Settings } from '@esteira/settings';
import type { Move } from './ports.ts';
import { mainPlace, type Place } from './paths.ts';
import type { Report } from './runtime.ts';

/** The settings that hold now: the command line over those of the last start (all of them) while it runs, else `.env`. */
export function resolveSettings(env: Env, place: Place = mainPlace): Settings {
  return loadSettings(readRunning(place) ?? readEnvFile(place.envFile), env);
}

/** The settings a start begins with: the command line over `.env`, which is made at the first start. */
export function startSettings(env: Env, place: Place): Settings {
  if (!existsSync(place.envFile)) {
    mkdirSync(dirname(place.envFile), { recursive: true });
    writeFileSync(place.envFile, envExample(allSettings.documents()), { mode: 0o600 });
  }
  return loadSettings(readEnvFile(place.envFile), env);
}

/** Applies moved ports, and says so: the settings as they are then, written to the env file too. */
export function applyMoves(settings: Settings, moves: readonly Move[], place: Place, report: Report): Settings {
  const entries = Object.fromEntries(settingsEntries(settings));
  const changed: Record<string, string> = {};
  for (const { setting, from, to } of moves) {
    report(`${setting}: port ${from} is taken; using ${to}, written to ${place.envFile}`);
    changed[setting] = moved(entries[setting] ?? '', to);
  }
  if (moves.length > 0) writeFileSync(place.envFile, withValues(readFileSync(place.envFile, 'utf8'), changed));
  return loadSettings({ ...entries, ...changed });
}

/** Remembers what a start was given, so that later commands see the same settings while it runs. */
export function recordRunning(settings: Settings, place: Place): void {
  mkdirSync(dirname(place.runningFile), { recursive: true });
  // Not an env file: that can't hold every value.
  const text = JSON.stringify(Object.fromEntries(settingsEntries(settings)), undefined, 2);
  writeFileSync(place.runningFile, `${text}\n`, { mode: 0o600 });
}

function readRunning({ runningFile }: Place): Env | undefined {
  return existsSync(runningFile) ? (JSON.parse(readFileSync(runningFile, 'utf8')) as Env) : undefined;
}

/** Nothing runs any more. */
export function forgetRunning(place: Place): void {
  rmSync(place.runningFile, { force: true });
}

/** An env file's text with these values set: in place where the name is there, at the end where it is not. */
export function withValues(text: string, values: Readonly<Record<string, string>>): string {
  let result = text;
  for (const [name, value] of Object.entries(values)) {
    const line = new RegExp(`^${name}=.*$`, 'm');
    // The file has the value that no longer holds.
    result = result.replace(new RegExp(`^(${name}_FILE=.*)$`, 'm'), (_, file: string) => `# ${file}`);
    if (line.test(result)) result = result.replace(line, () => `${name}=${value}`);
    else result = `${result.replace(/\n*$/, '\n')}${name}=${value}\n`;
  }
  return result;
}

function moved(value: string, port: number): string {
  if (/^\d+$/.test(value)) return String(port);
  const url = new URL(value);
  url.port = String(port);
  return value.endsWith('/') ? url.href : url.href.replace(/\/$/, '');
}
