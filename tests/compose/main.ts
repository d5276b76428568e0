// `make test-compose`: the Compose file on a Docker engine: the one that answers, else one of its own.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { REPOSITORY } from '@esteira/infra';
import { dockerAnswers } from '../../infra/docker/engine.ts';
import { OwnEngine } from './own-engine.ts';
import { haveImages } from './stand-ins.ts';

const report = (line: string) => {
  console.log(`compose: ${line}`);
};
const config = join(import.meta.dirname, 'vitest.config.ts');
const work = join(REPOSITORY, '.local', 'test-compose');
mkdirSync(work, { recursive: true });

/** Runs the tests by a command that stands before theirs. */
const test = async (before: readonly string[], env: Record<string, string>): Promise<number> => {
  const command = [...before, 'vitest', 'run', '--config', config, ...process.argv.slice(2)];
  const { exitCode } = await execa('env', command, {
    cwd: REPOSITORY,
    preferLocal: true,
    localDir: REPOSITORY,
    stdio: 'inherit',
    reject: false,
    env: { ...env, ESTEIRA_RUNTIME: 'docker' },
  });
  return exitCode ?? 1;
};

if (await dockerAnswers(report)) {
  process.exitCode = await test([], {});
} else {
  const engine = await OwnEngine.start(work, report);
  try {
    // Its client and its plugins are those that this process and its children use from here on.
    Object.assign(process.env, engine.environment);
    const areStandIns = await haveImages(join(work, 'images'), report);
    // Debian has no package of the plugin.
    process.exitCode = await test(engine.within, areStandIns ? { DELAY_STRATEGY: 'wait-queue' } : {});
  } finally {
    await engine.stop();
  }
}
