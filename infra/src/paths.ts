import { fileURLToPath } from 'node:url';
import { join } from 'node:path';

/** The checkout this code is part of. */
export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

/** Where one running copy of Esteira keeps its settings and its state. Tests have copies of their own. */
export interface Place {
  /** The env file ports are written to. */
  readonly envFile: string;
  /** The settings of what runs now, recorded at start and removed at stop. */
  readonly runningFile: string;
  /** State of the native servers: data, configuration, logs. May become a link, see `native/home.ts`. */
  readonly state: string;
  /** What Compose is given besides docker-compose.yml. */
  readonly compose: string;
  /** What was fetched once and can be fetched again: mongod, Mongo Express. Shared by all copies. */
  readonly cache: string;
}

/** The place of what `make start` runs. */
export const mainPlace: Place = {
  envFile: join(REPOSITORY, '.env'),
  runningFile: join(REPOSITORY, '.local', 'running.json'),
  state: join(REPOSITORY, '.local', 'native'),
  compose: join(REPOSITORY, '.local', 'compose'),
  cache: join(REPOSITORY, '.local', 'cache'),
};

/** A place of its own below `.local`, for example for tests. */
export function privatePlace(name: string): Place {
  const base = join(REPOSITORY, '.local', name);
  return {
    envFile: `${base}.env`,
    runningFile: `${base}.running.json`,
    state: base,
    compose: `${base}.compose`,
    cache: mainPlace.cache,
  };
}
