import type { Pipeline } from '@esteira/pipeline';
import { describe, expect, it } from 'vitest';
import {
  harmToExchange,
  harmToQueue,
  inWords,
  names,
  pipelineTopology,
  strainOnLane,
  waitQueueTopology,
} from '../../src/index.ts';

const pipeline: Pipeline = { name: 'p', types: [{ name: 't', schemaVersion: 1 }], lanes: ['primary'] };
const queues = [...pipelineTopology(pipeline).queues, ...waitQueueTopology(pipeline, [60_000]).queues];

const nameOf = {
  lane: names.lane(pipeline, 'primary'),
  wait: names.waitQueue(pipeline, 60_000),
  'dead-letter': names.deadLetterQueue(pipeline),
  returned: names.returnedQueue(pipeline),
};

const harm = (which: keyof typeof nameOf, definition: Record<string, unknown>) =>
  harmToQueue(
    queues.find(({ name }) => name === nameOf[which])!,
    definition,
  );

describe('a policy on a queue', () => {
  it.each([
    ['lane', { 'message-ttl': 3_600_000 }, 'expire before they are handled'],
    ['lane', { expires: 3_600_000 }, 'is deleted, with what is in it'],
    ['lane', { overflow: 'drop-head' }, 'dropped when the queue is full'],
    ['lane', { 'max-length': 5, overflow: 'drop-head' }, 'dropped when there are more'],
    ['lane', { 'delivery-limit': 20 }, 'before they came back 1000 times'],
    ['wait', { 'message-ttl': 59_999 }, 'after 59999 ms in place of 60000'],
    ['wait', { 'dead-letter-routing-key': 'x' }, 'does not come back to its lane'],
    ['wait', { expires: 600_000 }, 'is deleted, with what is in it'],
    ['dead-letter', { 'max-length': 100_000 }, 'dropped when there are more'],
    ['dead-letter', { 'max-length-bytes': 100_000 }, 'dropped when there are more'],
    ['returned', { 'delivery-limit': 1_000 }, 'before they came back 1000000 times'],
    ['returned', { 'message-ttl': 86_400_000 }, 'expire before they are handled'],
    ['lane', { 'federation-upstream-set': 'all' }, 'messages of another broker'],
  ] as const)('on %s harms with %j', (which, definition, effect) => {
    expect(harm(which, definition).map((one) => one.effect)).toContainEqual(expect.stringContaining(effect));
  });

  it.each([
    ['lane', { 'max-length': 5 }],
    ['wait', { 'max-length-bytes': 5_000 }],
    ['lane', { overflow: 'reject-publish' }],
    ['dead-letter', { 'max-length': 5, overflow: 'reject-publish' }],
    ['lane', { 'delivery-limit': 1_000 }],
    ['wait', { 'delivery-limit': 20 }],
    // No limit, from 4.0 on; 3.10 refuses such a policy.
    ['lane', { 'delivery-limit': -1 }],
    ['returned', { 'delivery-limit': -1 }],
    ['wait', { 'message-ttl': 60_000 }],
    ['lane', { 'dead-letter-exchange': 'x', 'dead-letter-strategy': 'at-most-once' }],
    // It leads to an exchange that asks for no key.
    ['lane', { 'dead-letter-routing-key': 'x' }],
    ['lane', { 'max-in-memory-length': 5, 'queue-leader-locator': 'balanced' }],
  ] as const)('on %s does no harm with %j', (which, definition) => {
    expect(harm(which, definition)).toEqual([]);
  });

  it.each([
    [60_000, 1],
    [900_000, 1],
    [900_001, 0],
    [undefined, 0],
  ])('with a consumer-timeout of %s strains attempts that may be held for 900,000 ms: %d', (value, count) => {
    const definition = value === undefined ? {} : { 'consumer-timeout': value };
    expect(strainOnLane(queues[0]!, definition, 900_000)).toHaveLength(count);
  });

  it('is named by who set the value that is in force', () => {
    const [one] = harm('lane', { 'message-ttl': 500 });
    const mine = { name: 'mine', isOperators: false, definition: { 'message-ttl': 9_000 } };
    const theirs = { name: 'theirs', isOperators: true, definition: { 'message-ttl': 500 } };
    expect(inWords(one!, [mine, theirs])).toMatch(/^The operator policy "theirs" sets message-ttl to 500 on queue p/);
    expect(inWords(one!, [])).toMatch(/^A policy sets message-ttl/);
  });
});

describe('a policy on an exchange', () => {
  const exchange = pipelineTopology(pipeline).exchanges[0]!;

  it('harms where messages go elsewhere or come from elsewhere', () => {
    const harmful = harmToExchange(exchange, { 'alternate-exchange': 'x', 'federation-upstream': 'y' });
    expect(harmful.map(({ key }) => key)).toEqual(['alternate-exchange', 'federation-upstream']);
  });
});
