import { administrationOf, freshName, type Administration, type Policy } from '@esteira/tests/support';
import { createLogger } from '@esteira/observability';
import type { Pipeline } from '@esteira/pipeline';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  createPublisher,
  unlessHarmful,
  joined,
  names,
  PolicyInForce,
  pipelineTopology,
  waitQueueTopology,
  watchPolicies,
  type Management,
  type PolicyWatch,
} from '../../src/index.ts';
import { declare, isAtLeast, logger, messageOf, openStage, patient, type Stage } from '../support/stage.ts';

let stage: Stage;
let administration: Administration;
let pipeline: Pipeline;
let watch: PolicyWatch;

// One for all tests: RabbitMQ says what is in force on a queue only some seconds after it was declared.
beforeAll(async () => {
  stage = await openStage();
  administration = administrationOf(stage.url);
  pipeline = { name: freshName('p'), types: [{ name: 't', schemaVersion: 1 }], lanes: ['primary'] };
  await declare(stage, joined(pipelineTopology(pipeline), waitQueueTopology(pipeline, [60_000])));
  watch = watchPolicies(pipeline, stage.management, logger);
});

afterAll(async () => {
  watch.close();
  await stage.close();
});

/** Of one test only: RabbitMQ takes them off one queue after the other. */
afterEach(async () => {
  await administration.removeAllPolicies();
  await untilFault(undefined);
});

const onAll = (definition: Policy['definition']): Policy => ({ pattern: '.*', definition, 'apply-to': 'queues' });
const on = (name: string, definition: Policy['definition']): Policy => ({
  ...onAll(definition),
  pattern: `^${name.replaceAll('.', '[.]')}$`,
});

const publisher = () =>
  createPublisher(stage.broker, { exchange: names.exchange(pipeline), mandatory: true, appId: 'test' });

/** Waits until the watch tells of a fault with all of these words, or of none: queues get a policy one after the other. */
const untilFault = (...words: readonly string[] | [undefined]) =>
  vi.waitFor(async () => {
    await watch.look();
    for (const told of words) {
      if (told === undefined) expect(watch.fault).toBeUndefined();
      else expect(watch.fault).toContain(told);
    }
  }, patient);

describe('policies on a broker', () => {
  it('that expire messages are named, with the queue, the value and what to do, and forgotten when they go', async () => {
    const lane = names.lane(pipeline, 'primary');
    await administration.setOperatorPolicy('short-lived', onAll({ 'message-ttl': 500 }));
    await untilFault(
      `The operator policy "short-lived" sets message-ttl to 500 on queue ${lane}: `,
      `on queue ${names.deadLetterQueue(pipeline)}: messages expire`,
      `on queue ${names.returnedQueue(pipeline)}: messages expire`,
      'comes back after 500 ms in place of 60000',
      'out of its pattern',
    );
    const waits = watch.untilHarmless();
    await administration.removeAllPolicies();
    await untilFault(undefined);
    await waits;
  });

  it('are told of each queue and each key that harms, all at once', async () => {
    const [lane, wait] = [names.lane(pipeline, 'primary'), names.waitQueue(pipeline, 60_000)];
    const [dead, returned] = [names.deadLetterQueue(pipeline), names.returnedQueue(pipeline)];
    await administration.setPolicy('lanes', on(lane, { overflow: 'drop-head', 'max-length': 5, 'delivery-limit': 20 }));
    await administration.setPolicy('waits', on(wait, { 'dead-letter-routing-key': 'x', expires: 600_000 }));
    await administration.setPolicy('dead', on(dead, { 'max-length-bytes': 100_000 }));
    await administration.setOperatorPolicy('back', on(returned, { 'delivery-limit': 1_000 }));
    await untilFault(
      `The policy "lanes" sets overflow to "drop-head" on queue ${lane}: `,
      `The policy "lanes" sets max-length to 5 on queue ${lane}: `,
      `The policy "lanes" sets delivery-limit to 20 on queue ${lane}: `,
      `The policy "waits" sets dead-letter-routing-key to "x" on queue ${wait}: `,
      `The policy "waits" sets expires to 600000 on queue ${wait}: `,
      `The policy "dead" sets max-length-bytes to 100000 on queue ${dead}: `,
      `The operator policy "back" sets delivery-limit to 1000 on queue ${returned}: `,
    );
    const publish = unlessHarmful(publisher(), pipeline, stage.management);
    await expect(publish([messageOf(1)])).rejects.toThrow(PolicyInForce);
    await administration.removeAllPolicies();
    expect(await publish([messageOf(1)])).toEqual(['confirmed']);
  });

  it('that change nothing of ours are let be', async () => {
    const lane = names.lane(pipeline, 'primary');
    await administration.setPolicy('more', on(names.waitQueue(pipeline, 60_000), { 'message-ttl': 60_000 }));
    // What is beyond it is refused, and stays where it was published.
    await administration.setPolicy('full', on(lane, { 'max-length': 1_000_000, 'dead-letter-exchange': 'x' }));
    await administration.setOperatorPolicy('limit', on(lane, { 'delivery-limit': 5_000 }));
    if (await isAtLeast(stage, 4, 0))
      await administration.setPolicy('none', on(names.returnedQueue(pipeline), { 'delivery-limit': -1 }));
    await vi.waitFor(async () => {
      const reports = await stage.management.queues();
      expect(reports.find(({ name }) => name === lane)).toMatchObject({ policy: 'full', operatorPolicy: 'limit' });
    }, patient);
    await watch.look();
    expect(watch.fault).toBeUndefined();
    expect(await unlessHarmful(publisher(), pipeline, stage.management)([messageOf(2)])).toEqual(['confirmed']);
  });

  it('that give attempts too little time are warned of once, and stop nothing', async ({ skip }) => {
    skip(!(await isAtLeast(stage, 4, 0)), 'this broker has no such policy');
    const lines: string[] = [];
    const telling = createLogger({ name: 'test', level: 'warn', destination: { write: (line) => lines.push(line) } });
    const patiently = watchPolicies(pipeline, stage.management, telling, 900_000);
    const lane = names.lane(pipeline, 'primary');
    await administration.setPolicy('hasty', on(lane, { 'consumer-timeout': 60_000 }));
    const warned = () => lines.filter((line) => line.includes('"hasty\\" sets consumer-timeout to 60000'));
    await vi.waitFor(async () => {
      await patiently.look();
      expect(warned()).toHaveLength(1);
    }, patient);
    await patiently.look();
    patiently.close();
    expect(warned()).toHaveLength(1);
    expect(warned()[0]).toContain(`on queue ${lane}: `);
    expect(warned()[0]).toContain('ATTEMPT_TIMEOUT_MS');
    expect(patiently.fault).toBeUndefined();
  });

  it('on an exchange that let a message go elsewhere are named', async () => {
    const exchange = names.exchange(pipeline);
    const definition = { 'alternate-exchange': 'amq.fanout' };
    await administration.setPolicy('catch-all', { ...on(exchange, definition), 'apply-to': 'exchanges' });
    await untilFault('The policy "catch-all" sets alternate-exchange to "amq.fanout" on exchange esteira.');
  });

  it('on a wait queue of an earlier delay count too: it may still hold messages', async () => {
    await declare(stage, waitQueueTopology(pipeline, [90_000]));
    const queue = names.waitQueue(pipeline, 90_000);
    await administration.setPolicy('old', on(queue, { 'message-ttl': 1_000 }));
    await untilFault('comes back after 1000 ms in place of 90000');
  });

  it('that can not be asked for change nothing of what is known, and that is said once', async () => {
    const lines: string[] = [];
    const telling = createLogger({
      name: 'test',
      level: 'warn',
      destination: { write: (line) => lines.push(line) },
    });
    let away = false;
    const management: Management = {
      ...stage.management,
      policies: () => (away ? Promise.reject(new Error('away')) : stage.management.policies()),
    };
    const asking = watchPolicies(pipeline, management, telling);
    await administration.setOperatorPolicy('short-lived', onAll({ 'message-ttl': 500 }));
    await vi.waitFor(async () => {
      await asking.look();
      expect(asking.fault).toMatch(/short-lived/);
    }, patient);
    away = true;
    await asking.look();
    await asking.look();
    expect(asking.fault).toMatch(/short-lived/);
    asking.close();
    expect(lines.filter((line) => line.includes('policies were not compared'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('short-lived') && line.includes('"level":50'))).toHaveLength(1);
  });
});
