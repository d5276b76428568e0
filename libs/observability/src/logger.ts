import { pino, type Logger as Pino, type LoggerOptions as PinoOptions } from 'pino';
import pretty from 'pino-pretty';

/** A structured logger. A line about one message is `debug` and carries `message_id`, `pipeline`, `system`, `attempt`. */
export type Logger = Pino;

/** What a logger needs. */
export interface LoggerOptions {
  /** The process, for example `orders-api system-1`. */
  readonly name: string;
  readonly level: string;
}

/** Passwords in URLs, and what carries credentials. */
const redact = {
  paths: [
    'password',
    '*.password',
    'authorization',
    '*.authorization',
    'req.headers.authorization',
    'req.headers.cookie',
  ],
  censor: '[redacted]',
};

const URL_PASSWORD = /([a-z+]+:\/\/[^:@/\s]*):[^@/\s]*@/gi;

/** A text without the passwords of the URLs in it. */
export function withoutPasswords(text: string): string {
  return text.replace(URL_PASSWORD, '$1:***@');
}

/** Makes the logger of a process: pretty on a terminal, JSON lines otherwise. */
export function createLogger({ name, level }: LoggerOptions): Logger {
  const options: PinoOptions = {
    name,
    level,
    redact,
    serializers: { err: (error: Error) => cleaned(pino.stdSerializers.err(error)) },
    timestamp: pino.stdTimeFunctions.isoTime,
  };
  return process.stdout.isTTY ? pino(options, pretty({ ignore: 'pid,hostname' })) : pino(options);
}

function cleaned(error: ReturnType<typeof pino.stdSerializers.err>): object {
  return { ...error, message: withoutPasswords(error.message), stack: withoutPasswords(error.stack) };
}
