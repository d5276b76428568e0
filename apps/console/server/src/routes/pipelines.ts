import { Type, type Static } from 'typebox';
import type { App } from '@esteira/http';
import type { Console } from '../console.ts';
import type { ConsolePipeline } from '../pipelines/pipeline.ts';
import { text } from '../schemas.ts';

const pipeline = Type.Object({
  name: Type.String({ description: 'Part of the addresses of its routes and pages.' }),
  title: text,
  lanes: Type.Array(text, {
    description: 'Its lanes; a message is published to the first where nothing else is said.',
  }),
  words: Type.Object(
    { message: text, origin: text, key: text },
    { description: 'What people call one of its messages, where it comes from, and what it is there.' },
  ),
  parts: Type.Array(Type.Enum(['systems', 'messages', 'reconciliation']), {
    description: 'What it has beside what all pipelines share.',
  }),
});

/** `GET /v0/pipelines`. */
export function addPipelines(app: App, { pipelines }: Pick<Console, 'pipelines'>): void {
  app.get('/v0/pipelines', {
    schema: {
      operationId: 'pipelines',
      tags: ['overview'],
      summary: 'The pipelines that run',
      description: 'The first is the one that is shown first.',
      response: { 200: Type.Object({ pipelines: Type.Array(pipeline) }) },
    },
    handler: () => ({ pipelines: pipelines.map(pipelineView) }),
  });
}

function pipelineView({ redrivable, title, words, own }: ConsolePipeline): Static<typeof pipeline> {
  const { name, lanes } = redrivable.pipeline;
  return { name, title, lanes: [...lanes], words: { ...words }, parts: [...own.parts] };
}
