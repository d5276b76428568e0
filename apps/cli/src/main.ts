import { EXIT_CONFIG, SettingsError } from '@esteira/config';
import { withoutPasswords } from '@esteira/observability';
import { buildProgram } from './program.ts';
import { Refused } from './refused.ts';

try {
  await buildProgram(process.env).parseAsync();
} catch (error) {
  const isExplained = error instanceof SettingsError || error instanceof Refused;
  const { message, stack = message } = error as Error;
  process.stderr.write(`${withoutPasswords(isExplained ? message : stack)}\n`);
  process.exitCode = error instanceof SettingsError ? EXIT_CONFIG : 1;
}
