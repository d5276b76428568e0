import type { Env } from '@esteira/config';
import { execa } from 'execa';
import { DockerRuntime } from '../docker/runtime.ts';
import { NativeRuntime } from '../native/runtime.ts';
import { Obstacle } from './obstacle.ts';
import { mainPlace, type Place } from './paths.ts';
import type { Runtime } from './runtime.ts';

/** Docker where an engine with the compose plugin answers, else native; `ESTEIRA_RUNTIME` forces one. */
export function chooseRuntime(env: Env): Promise<Runtime> {
  return runtimeAt(env, mainPlace, 'esteira');
}

/** The same for a copy of its own. */
export async function runtimeAt(env: Env, place: Place, project: string): Promise<Runtime> {
  const forced = env['ESTEIRA_RUNTIME'];
  if (forced === 'docker') return dockerOrRefused(place, project);
  if (forced === 'native') return new NativeRuntime(place);
  if (forced !== undefined && forced !== '')
    throw new Obstacle(`ESTEIRA_RUNTIME is "${forced}"; it can be docker or native.`);
  return (await dockerAnswers()) ? new DockerRuntime(place, project) : new NativeRuntime(place);
}

async function dockerOrRefused(place: Place, project: string): Promise<Runtime> {
  if (await dockerAnswers()) return new DockerRuntime(place, project);
  throw new Obstacle(
    'ESTEIRA_RUNTIME is docker, but no Docker engine with the compose plugin answers here: `docker info` and ' +
      '`docker compose version` say why. Start it, or run the same servers without it: ESTEIRA_RUNTIME=native.',
  );
}

async function dockerAnswers(): Promise<boolean> {
  const asks = [
    ['compose', 'version', '--short'],
    ['info', '--format', '{{.ServerVersion}}'],
  ];
  for (const ask of asks) {
    const { exitCode, stdout } = await execa('docker', ask, { reject: false, stdin: 'ignore', timeout: 5_000 });
    if (exitCode !== 0 || stdout.trim() === '') return false;
  }
  return true;
}
