import { postgresBin, required } from '../native/packages.ts';
import { unprivileged, type User } from '../native/users.ts';

export { onPath } from '../native/packages.ts';
export { unprivileged } from '../native/users.ts';

/** A program of PostgreSQL, and who it runs as: none of them does as root. */
export interface PostgresProgram {
  readonly path: string;
  readonly user: User | undefined;
}

/** The program that the native runtime would use here: `initdb`, `postgres`, `pg_basebackup`. */
export function postgresProgram(name: string): PostgresProgram {
  return { path: required(postgresBin(name), name), user: unprivileged('postgres') };
}
