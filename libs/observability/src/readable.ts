import { prettyFactory } from 'pino-pretty';

/** What is no text: a terminal would do as it says. */
const CONTROL = /[^\P{Cc}\n\t]/gu;

/**
 * Makes the lines that a logger of {@link createLogger} wrote readable: when, how bad, what, and an error's stack on
 * lines of its own. Any other line stays as it is, and so does one that was cut.
 *
 * @returns a line's text, without the break at its end.
 */
export function readableLines({ colour }: { readonly colour: boolean }): (line: string) => string {
  const pretty = prettyFactory({
    colorize: colour,
    ignore: 'pid,hostname,name',
    singleLine: true,
    translateTime: 'SYS:yyyy-mm-dd HH:MM:ss.l',
  });
  return (line) => {
    const entry = entryOf(line);
    return entry === undefined ? line : pretty(entry).trimEnd();
  };
}

function entryOf(line: string): object | undefined {
  if (!line.startsWith('{"level":')) return undefined;
  try {
    return JSON.parse(line, (_, value: unknown) => (typeof value === 'string' ? shown(value) : value)) as object;
  } catch {
    return undefined; // Cut, by a crash or by who keeps the logs: it is shown as it is.
  }
}

const shown = (text: string): string =>
  text.replaceAll(CONTROL, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
