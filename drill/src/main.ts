import { execute } from '@esteira/cli/execute';
import { drillCommand } from './command.ts';

await execute(drillCommand(process.env));
