import { invalidRequest, problemResponses, type App } from '@esteira/http';
import { Type } from 'typebox';
import type { Console } from '../console.ts';
import { historySchema, overviewSchema } from '../overview/schema.ts';
import { EVERY_SECONDS } from '../overview/series.ts';
import { inPath, noPipeline, pipelineOf } from '../pipelines/asked-pipeline.ts';
import { closed } from '../schemas.ts';

const tags = ['overview'];
const params = Type.Object(inPath, closed);
const refusals = problemResponses(invalidRequest, noPipeline);

/** `GET …/overview` and `…/overview/history`. */
export function addOverview(app: App, { pipelines }: Pick<Console, 'pipelines'>): void {
  const boardOf = (name: string) => pipelineOf(pipelines, name).board();
  app.get('/overview', {
    schema: {
      operationId: 'overview',
      tags,
      summary: 'Everything at a glance',
      description:
        'A second old where servers answer at once, eight where they take their time. What is not known now says so itself, with the last answer and its time.',
      params,
      response: { 200: overviewSchema, ...refusals },
    },
    handler: async ({ params: { pipeline } }) => boardOf(pipeline).now(),
  });
  app.get('/overview/history', {
    schema: {
      operationId: 'overviewHistory',
      tags,
      summary: 'The last 15 minutes',
      description: 'A point every 5 seconds, kept by the server: neither a reload nor a restart empties the charts.',
      params,
      response: { 200: historySchema, ...refusals },
    },
    handler: async ({ params: { pipeline } }) => ({
      every_seconds: EVERY_SECONDS,
      points: [...(await boardOf(pipeline).series.read())],
    }),
  });
}
