import { Command } from 'commander';
import type { Env } from '@esteira/config';
import { settingsEntries } from '@esteira/settings';
import { resolveSettings } from '@esteira/infra';
import { print } from '../terminal.ts';

/** `make env`: nothing but NAME=value lines, so that any script can connect. */
export const envCommand = (env: Env): Command =>
  new Command('env').description('prints every resolved setting as NAME=value').action(() => {
    for (const [name, value] of settingsEntries(resolveSettings(env))) print(`${name}=${value}`);
  });
