import type { Command } from 'commander';
import { EXIT_CONFIG, SettingsError } from '@esteira/config';
import { ForeignAnswer } from '@esteira/http/json-answer';
import { Obstacle } from '@esteira/infra';
import { withoutPasswords } from '@esteira/observability';
import { SessionUnfit } from '@esteira/postgres';
import { absentServer } from './faults.ts';
import { Refused } from './refused.ts';

/** Runs a program of commands. What goes wrong is told in words, and by the exit code. */
export async function execute(program: Command): Promise<void> {
  // Who reads our output may have read enough: `make -s env | head -1` is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  try {
    await program.parseAsync();
  } catch (error) {
    const { message, stack = message } = error as Error;
    const isExplained = [SettingsError, Refused, Obstacle, SessionUnfit, ForeignAnswer].some(
      (kind) => error instanceof kind,
    );
    const told = isExplained ? message : (absentServer(error) ?? stack);
    process.stderr.write(`${withoutPasswords(told)}\n`);
    process.exitCode = error instanceof SettingsError ? EXIT_CONFIG : 1;
  }
}
