import { pino, type DestinationStream, type Logger as Pino, type LoggerOptions as PinoOptions } from 'pino';
import pretty from 'pino-pretty';
import { redacted } from './redacted.ts';

/** A structured logger. A line about one message is `debug` and carries `message_id`, `pipeline`, `system`, `attempt`. */
export type Logger = Pino;

/** What a logger needs. */
export interface LoggerOptions {
  /** The process, for example `orders-api system-1`. */
  readonly name: string;
  readonly level: string;
  /** Where its lines go: standard output, pretty on a terminal, where nothing else is said. */
  readonly destination?: DestinationStream;
}

/** Makes the logger of a process: pretty on a terminal, JSON lines otherwise. No line holds a secret. */
export function createLogger({ name, level, destination }: LoggerOptions): Logger {
  const options: PinoOptions = {
    name,
    level,
    // The line as a whole: whatever hangs on an error, and however deep, is in it.
    hooks: { streamWrite: redacted },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  if (destination !== undefined) return pino(options, destination);
  return process.stdout.isTTY ? pino(options, pretty({ ignore: 'pid,hostname' })) : pino(options);
}
