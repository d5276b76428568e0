import type { Env } from '@esteira/config';
import { findMongod } from '../native/mongod.ts';
import { mainPlace } from './paths.ts';
import type { Report } from './runtime.ts';

/** The path of the mongod that the native runtime would start here; fetched where there is none. */
export function mongodPath(env: Env, report: Report): Promise<string> {
  return findMongod({ cache: mainPlace.cache, env, report });
}
