import { createHash } from 'node:crypto';
import type { Env } from '@esteira/config';
import type { Home } from './home.ts';

/** What preparing a service may need besides the service itself. */
export interface Context {
  readonly home: Home;
  readonly cache: string;
  readonly env: Env;
  readonly report: (line: string) => void;
  /** A port for what has no setting of its own (RabbitMQ's name server). The same one each time, by name. */
  readonly internalPort: (name: string) => number;
  /** A random text, the same one each time, by name. */
  readonly secret: (name: string) => string;
}

/** Stands in a program's environment, so that a changed configuration file restarts it. */
export const digest = (...texts: string[]): string =>
  createHash('sha256').update(texts.join('\0')).digest('hex').slice(0, 16);
