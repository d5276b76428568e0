import { cancelJob, getJob, listJobs, pauseJob, resumeJob, type CommandOutcome } from '@esteira/dead-letters';
import {
  callerNamed,
  defineProblem,
  dependencyUnavailable,
  invalidRequest,
  noSuch,
  optionalBody,
  problemResponses,
  type App,
} from '@esteira/http';
import { present } from '@esteira/pipeline';
import { Type } from 'typebox';
import type { Console } from '../console.ts';
import { jobOf, jobSchema } from '../job-view.ts';
import { inPath, noPipeline, pipelineOf } from '../pipelines/asked-pipeline.ts';
import { closed, jobId, PAGE_ITEMS, pageOf, pageView, paging, why } from '../schemas.ts';

const tags = ['repair'];
const REFUSED = [invalidRequest, noPipeline, dependencyUnavailable];
const byId = Type.Object({ ...inPath, id: jobId }, closed);

const noJob = noSuch('job');
const wrongState = defineProblem({ code: 'wrong-state', status: 409, title: 'In its state the job can not do that.' });

type Parts = Pick<Console, 'pipelines'>;

/** `GET …/jobs`, `/:id`, and `POST …/jobs/:id/pause|resume|cancel`. */
export function addJobs(app: App, { pipelines }: Parts): void {
  app.get('/jobs', {
    schema: {
      operationId: 'jobs',
      tags,
      summary: 'Redrives and discards',
      description: 'The newest first.',
      params: Type.Object(inPath, closed),
      querystring: Type.Object(paging, closed),
      response: { 200: pageOf(jobSchema), ...problemResponses(...REFUSED) },
    },
    handler: async ({ params: { pipeline }, query: { limit = PAGE_ITEMS, cursor } }) => {
      const { endput } = pipelineOf(pipelines, pipeline);
      return pageView(await listJobs(endput, pipeline, { limit, ...present({ cursor }) }), jobOf);
    },
  });
  app.get('/jobs/:id', {
    schema: {
      operationId: 'job',
      tags,
      summary: 'One job',
      description: 'How far it is, and what it waits for.',
      params: byId,
      response: { 200: jobSchema, ...problemResponses(...REFUSED, noJob) },
    },
    handler: async ({ params: { pipeline, id } }) => {
      const { endput } = pipelineOf(pipelines, pipeline);
      const job = await getJob(endput, pipeline, id);
      if (job === undefined) throw noJob(`There is no job ${id}.`);
      return jobOf(job);
    },
  });
  for (const command of COMMANDS) addCommand(app, pipelines, command);
}

const COMMANDS = [
  { name: 'pause', act: pauseJob, summary: 'Pause a job', description: 'What it has marked is still sent.' },
  {
    name: 'resume',
    act: resumeJob,
    summary: 'Let a job go on',
    description: 'One that was paused, or has stopped itself; that one sends some first again.',
  },
  {
    name: 'cancel',
    act: cancelJob,
    summary: 'Cancel a job',
    description: 'For good. What it has done stays done.',
  },
] as const;

function addCommand(
  app: App,
  pipelines: Parts['pipelines'],
  { name, act, summary, description }: (typeof COMMANDS)[number],
): void {
  app.post(`/jobs/:id/${name}`, {
    schema: {
      operationId: `${name}Job`,
      tags,
      summary,
      description,
      params: byId,
      body: Type.Object({ why: Type.Optional(why) }, closed),
      ...optionalBody,
      response: { 200: jobSchema, ...problemResponses(...REFUSED, noJob, wrongState) },
    },
    handler: async (request) => {
      const { pipeline, id } = request.params;
      const { endput } = pipelineOf(pipelines, pipeline);
      const command = { by: callerNamed(request), ...present({ why: request.body.why }) };
      return jobOf(controlled(id, name, await act(endput, pipeline, id, command)));
    },
  });
}

function controlled(id: string, command: string, answer: CommandOutcome) {
  switch (answer.kind) {
    case 'done':
      return answer.job;
    case 'unknown':
      throw noJob(`There is no job ${id}.`);
    case 'refused':
      throw wrongState(`Job ${id} is ${answer.job.state}: it can't be asked to ${command}.`, {
        state: answer.job.state,
      });
  }
}
