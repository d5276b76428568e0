import { Command } from 'commander';
import type { Env } from '@esteira/config';
import { clearCommand } from './commands/clear.ts';
import { demoCommand } from './commands/demo.ts';
import { dlqCommand } from './commands/dlq.ts';
import { envCommand } from './commands/env.ts';
import { logsCommand } from './commands/logs.ts';
import { prepareSourceCommand } from './commands/prepare-source.ts';
import { pruneCommand } from './commands/prune.ts';
import { reconcileCommand } from './commands/reconcile.ts';
import { redriveCommand } from './commands/redrive.ts';
import { startCommand } from './commands/start.ts';
import { statusCommand } from './commands/status.ts';
import { stopCommand } from './commands/stop.ts';

/** The command line: what `make` calls. Each command reads its settings from `env`. */
export function buildProgram(env: Env): Command {
  const program = new Command('esteira').description('Runs Esteira, and shows that nothing is lost.');
  program.addHelpText('after', '\nEach command is a target of make too: a bare `make` lists them.');
  for (const command of [
    demoCommand,
    startCommand,
    stopCommand,
    statusCommand,
    logsCommand,
    dlqCommand,
    redriveCommand,
    reconcileCommand,
    prepareSourceCommand,
    envCommand,
    clearCommand,
    pruneCommand,
  ]) {
    program.addCommand(command(env));
  }
  return program;
}
