import { defineProblem } from '@esteira/http';
import { Type } from 'typebox';
import type { ConsolePipeline } from './pipeline.ts';

/** Below it are the routes that all pipelines share. */
export const SHARED = '/v0/pipelines/:pipeline';

/** The part of a path that says of which pipeline something is asked. */
export const inPath = {
  pipeline: Type.String({
    title: 'the name of a pipeline',
    minLength: 1,
    maxLength: 63,
    description: 'The name of a pipeline; `GET /v0/pipelines` lists them.',
    examples: ['orders'],
  }),
};

export const noPipeline = defineProblem({ code: 'no-such-pipeline', status: 404, title: 'There is no such pipeline.' });

/** The pipeline of this name. @throws noPipeline, which lists those that there are */
export function pipelineOf(pipelines: readonly ConsolePipeline[], name: string): ConsolePipeline {
  const found = pipelines.find(({ redrivable }) => redrivable.pipeline.name === name);
  if (found !== undefined) return found;
  const names = pipelines.map(({ redrivable }) => redrivable.pipeline.name);
  throw noPipeline(`There is no pipeline of this name; there are: ${names.join(', ')}.`, { pipelines: names });
}
