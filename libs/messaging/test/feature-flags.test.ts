import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pipeline } from '@esteira/pipeline';
import { declareTopology, pipelineTopology, TopologyMismatch, type Management } from '../src/index.ts';
import { freshPipeline, logger, openStage, type Stage } from './support/stage.ts';

let stage: Stage;
let pipeline: Pipeline;

beforeAll(async () => {
  stage = await openStage();
  pipeline = await freshPipeline(stage);
});

afterAll(() => stage.close());

const declareWith = (featureFlag: Management['featureFlag']) =>
  declareTopology(stage.broker, pipelineTopology(pipeline), { ...stage.management, featureFlag }, logger);

describe('a feature flag that safe dead-lettering needs', () => {
  it('is on, or not needed any more, on a broker that was never upgraded', async () => {
    expect(await stage.management.featureFlag('stream_queue')).not.toBe(false);
    expect(await stage.management.featureFlag('no_such_flag')).toBeUndefined();
    await declareWith((name) => stage.management.featureFlag(name));
  });

  it('stops the start when it is off, and says how to enable it', async () => {
    const declaring = declareWith((name) => Promise.resolve(name !== 'stream_queue'));
    await expect(declaring).rejects.toThrow(TopologyMismatch);
    await expect(declaring).rejects.toThrow(/rabbitmqctl enable_feature_flag stream_queue/);
  });

  it('stops nothing when the broker does not tell', async () => {
    await declareWith(() => Promise.reject(new Error("RabbitMQ's management API answered 401 for feature-flags")));
  });
});
