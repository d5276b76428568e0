import { Command } from 'commander';
import type { Env } from '@esteira/config';
import { chooseRuntime } from '@esteira/infra';
import { print, printProgress } from '../terminal.ts';

/** `make stop`: no process of the project is left; the data stays. */
export const stopCommand = (env: Env): Command =>
  new Command('stop').description('stops everything; the data stays').action(async () => {
    const runtime = await chooseRuntime(env);
    await runtime.stop({ report: printProgress });
    print('Stopped. The data is kept: `make start` goes on where it was.');
  });
