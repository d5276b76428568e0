import { benchProgram } from './program.ts';

await benchProgram(process.env).parseAsync();
