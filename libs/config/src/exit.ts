import { SettingsError } from './compose.ts';

/** The exit code for what a person has to mend before another start makes sense (EX_CONFIG of sysexits.h). */
export const EXIT_CONFIG = 78;

/** supervisord starts again what ends within its first seconds, whatever it ends with. */
const SUPERVISED_SECONDS = 6;

/** Ends the process with 78. Under supervisord it waits with that until its exit code counts. */
export function exitForPerson(supervisedSeconds = SUPERVISED_SECONDS): never {
  const early = supervisedSeconds - process.uptime();
  // Asleep in one piece: nothing may go on in a process that has given up, and a signal without a handler ends it.
  if (process.env['SUPERVISOR_ENABLED'] !== undefined && early > 0) {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, early * 1_000);
  }
  process.exit(EXIT_CONFIG);
}

/** What `read` makes of the environment. Where that can't be used, every mistake is told and the process ends with 78. */
export function settingsOrExit<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return exitForPerson();
  }
}
