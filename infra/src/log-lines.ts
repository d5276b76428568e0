import { readableLines } from '@esteira/observability';

/** Which logs are shown, and how. */
export interface LogOptions {
  /** Goes on until the process is interrupted. */
  readonly follow: boolean;
  /** One service alone. */
  readonly service?: string;
  /** Whether lines are shown as they were written; otherwise those of the apps, which are JSON, are made readable. */
  readonly raw: boolean;
}

/** How a line of a log is shown: `before`, a program's name, stands before each of the lines that it becomes. */
export function shownLines({ raw }: Pick<LogOptions, 'raw'>): (before: string, line: string) => string {
  const readable = readableLines({ colour: process.stdout.isTTY && process.stdout.hasColors() });
  return (before, line) => {
    const lines = raw ? [line] : readable(line).split('\n');
    return lines.map((one) => `${before}${one}\n`).join('');
  };
}
