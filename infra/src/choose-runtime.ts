import type { Env } from '@esteira/config';
import { dockerAnswers } from '../docker/engine.ts';
import { DockerRuntime } from '../docker/runtime.ts';
import { NativeRuntime } from '../native/runtime.ts';
import { Obstacle } from './obstacle.ts';
import { mainPlace, type Place } from './paths.ts';
import type { Report, Runtime } from './runtime.ts';

/**
 * Docker where an engine with the compose plugin answers, else native; `ESTEIRA_RUNTIME` forces one. As for Compose itself,
 * `COMPOSE_PROJECT_NAME` is another project than `esteira`: a second checkout on the same engine.
 */
export function chooseRuntime(env: Env): Promise<Runtime> {
  return runtimeAt(env, mainPlace, env['COMPOSE_PROJECT_NAME'] ?? 'esteira');
}

/** An engine that is slow is waited for: that is said beside what a command prints. */
const toErrors: Report = (line) => {
  process.stderr.write(`${line}\n`);
};

/** The same for a copy of its own. */
export async function runtimeAt(env: Env, place: Place, project: string): Promise<Runtime> {
  const forced = env['ESTEIRA_RUNTIME'];
  if (forced === 'docker') return dockerOrRefused(place, project);
  if (forced === 'native') return new NativeRuntime(place);
  if (forced !== undefined && forced !== '')
    throw new Obstacle(`ESTEIRA_RUNTIME is "${forced}"; it can be docker or native.`);
  return (await dockerAnswers(toErrors)) ? new DockerRuntime(place, project) : new NativeRuntime(place);
}

async function dockerOrRefused(place: Place, project: string): Promise<Runtime> {
  if (await dockerAnswers(toErrors)) return new DockerRuntime(place, project);
  throw new Obstacle(
    'ESTEIRA_RUNTIME is docker, but no Docker engine with the compose plugin answers here: `docker info` and ' +
      '`docker compose version` say why. Start it, or run the same servers without it: ESTEIRA_RUNTIME=native.',
  );
}
