import { join } from 'node:path';
import { EXIT_CONFIG } from '@esteira/config';
import { digest } from './context.ts';
import { HOME_MARK, type Home } from './home.ts';
import type { Probe } from '../src/until.ts';
import type { User } from './users.ts';

/** One process that is kept alive. */
export interface Program {
  readonly name: string;
  readonly command: readonly string[];
  readonly directory: string;
  readonly user: User | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly stopSignal: 'TERM' | 'INT';
  /** How long it may take to stop before it is killed. */
  readonly stopSeconds: number;
}

/** A service made ready to run: its configuration is written, its data directory is there. */
export interface Prepared {
  /** What runs; the first is the service itself, the others are its helpers. */
  readonly programs: readonly [Program, ...Program[]];
  readonly ready: Probe;
}

/** The configuration of a private supervisord that keeps these programs alive. */
export function supervisorConfig(home: Home, programs: readonly Program[], asRoot: boolean): string {
  const at = (name: string) => join(home.path, name);
  return [
    '[unix_http_server]',
    `file=${at('supervisor.sock')}`,
    'chmod=0700',
    '[supervisord]',
    `logfile=${at('logs/supervisord.log')}`,
    'logfile_maxbytes=1MB',
    'logfile_backups=1',
    `pidfile=${at('supervisord.pid')}`,
    `directory=${home.path}`,
    'identifier=esteira',
    ...(asRoot ? ['user=root'] : []),
    '[rpcinterface:supervisor]',
    'supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface',
    '[supervisorctl]',
    `serverurl=unix://${at('supervisor.sock')}`,
    ...programs.flatMap((program) => section(home, program)),
    '',
  ].join('\n');
}

/** A process that ends sooner has failed to start: an app takes a while to find out that it can't. */
const STEADY_SECONDS = 5;

/** Started again whenever it ends, unless it ends with what a person has to mend: at once after it ran for a while, else 1, 2, 3, … seconds later. */
function section(home: Home, program: Program): string[] {
  // What supervisord compares to find out whether a program has to be started again.
  const marks = { [HOME_MARK]: home.path, [ENVIRONMENT_MARK]: digest(...Object.entries(program.environment).flat()) };
  return [
    `[program:${program.name}]`,
    `command=${['/bin/sh', launcherOf(home, program), ...program.command].map(word).join(' ')}`,
    `directory=${value(program.directory)}`,
    ...(program.user === undefined ? [] : [`user=${program.user.name}`]),
    `environment=${Object.entries(marks)
      .map(([name, text]) => `${name}="${value(text)}"`)
      .join(',')}`,
    'autorestart=unexpected',
    `exitcodes=${EXIT_CONFIG}`,
    `startsecs=${STEADY_SECONDS}`,
    'startretries=1000',
    `stopsignal=${program.stopSignal}`,
    `stopwaitsecs=${program.stopSeconds}`,
    'killasgroup=true',
    'redirect_stderr=true',
    `stdout_logfile=${logFile(home.path, program.name)}`,
    'stdout_logfile_maxbytes=10MB',
    'stdout_logfile_backups=2',
  ];
}

/** The file a program's output goes to. */
export const logFile = (home: string, program: string): string => join(home, 'logs', `${program}.log`);

/** supervisord expands `%(…)s`, and cuts a value at white space before `;` or `#`. */
function value(text: string): string {
  if (/[\n\r]|\s[;#]/.test(text)) throw new Error(`supervisord can't take a line break, " ;" or " #" in: ${text}`);
  return text.replaceAll('%', '%%');
}

const word = (text: string): string => value(`"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`);

const ENVIRONMENT_MARK = 'ESTEIRA_ENVIRONMENT';

/**
 * The script that gives a program its environment, as it stands, and becomes the program. supervisord can't: it strips
 * quotes of both kinds from the ends of a value, and takes only one kind within.
 */
export const launcher = ({ environment }: Program): string =>
  [
    ...Object.entries(environment).map(([name, text]) => `export ${name}='${text.replaceAll("'", `'\\''`)}'`),
    'exec "$@"',
    '',
  ].join('\n');

const launcherName = ({ name }: Program): string => `${name}/environment.sh`;
const launcherOf = (home: Home, program: Program): string => join(home.path, launcherName(program));

/** Writes what {@link supervisorConfig} refers to, each readable by its program's user alone. */
export function writeLaunchers(home: Home, programs: readonly Program[]): void {
  for (const program of programs) {
    home.directory(program.name, program.user);
    home.file(launcherName(program), launcher(program), program.user);
  }
}
