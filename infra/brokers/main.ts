// `make test-brokers`: the tests of messaging on a real broker of each RabbitMQ line that a user may have.
// `BROKERS=trixie,forky` runs some of them only.
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { REPOSITORY } from '../src/paths.ts';
import { suiteOf, suites, type Suite } from './suites.ts';

const config = fileURLToPath(new URL('vitest.config.ts', import.meta.url));
const wanted = process.env['BROKERS']?.split(',').map(suiteOf) ?? suites;

/** Runs the tests on one suite; the seconds it took, and whether all passed. */
async function run(suite: Suite): Promise<{ passed: boolean; seconds: number }> {
  const began = performance.now();
  const { exitCode } = await execa('vitest', ['run', '--config', config, ...process.argv.slice(2)], {
    cwd: REPOSITORY,
    preferLocal: true,
    localDir: REPOSITORY,
    stdio: 'inherit',
    reject: false,
    env: { BROKER_SUITE: suite.name },
  });
  return { passed: exitCode === 0, seconds: Math.round((performance.now() - began) / 1000) };
}

const lines: string[] = [];
for (const suite of wanted) {
  console.log(`\nRabbitMQ ${suite.expects}, of Debian ${suite.name}`);
  const { passed, seconds } = await run(suite);
  if (!passed) process.exitCode = 1;
  lines.push(
    `RabbitMQ ${suite.expects.padEnd(12)} ${suite.name.padEnd(8)} ${passed ? 'passed' : 'FAILED'} in ${seconds} s`,
  );
}
console.log(`\n${lines.join('\n')}`);
