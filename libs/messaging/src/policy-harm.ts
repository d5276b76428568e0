import type { Exchange, Queue } from './topology.ts';

/** Definitions of policies, as RabbitMQ tells them: `message-ttl`, `overflow`, … */
export type PolicyDefinition = Readonly<Record<string, unknown>>;

/** A policy that somebody has set on a virtual host. */
export interface PolicyReport {
  readonly name: string;
  readonly definition: PolicyDefinition;
  /** Set by an operator; it goes before what users set. */
  readonly isOperators: boolean;
}

/** What a policy does to our messages, and can't be let do. */
export interface Harm {
  /** For example `queue orders.primary`. */
  readonly on: string;
  readonly key: string;
  readonly value: unknown;
  /** What becomes of messages. */
  readonly effect: string;
}

type Rule = (value: unknown, queue: Queue, inForce: PolicyDefinition) => string | undefined;

const FEDERATION = ['federation-upstream', 'federation-upstream-set'] as const;
const FEDERATED = 'messages of another broker come in, and what is published here may be handled elsewhere';

/**
 * What each key does to a queue of ours, by what RabbitMQ makes of a policy and an argument on a quorum queue (measured,
 * `test/policies/precedence.test.ts`): of `message-ttl`, `max-length`, `max-length-bytes` and `delivery-limit` the lower is
 * in force, a `delivery-limit` of -1 (none, from 4.0 on) is not, `overflow` is the policy's, the exchange and the strategy of dead-lettering are the argument's. A key that no
 * argument names is in force as it is.
 */
const RULES: Readonly<Record<string, Rule>> = {
  'message-ttl': (value, { arguments: args }) => {
    const own = Number(args['x-message-ttl'] ?? Number.POSITIVE_INFINITY);
    if (Number(value) >= own) return undefined;
    return Number.isFinite(own)
      ? `what waits for a retry comes back after ${String(value)} ms in place of ${own}`
      : 'messages expire before they are handled';
  },
  expires: () => 'the queue is deleted, with what is in it, while nobody consumes from it',
  'max-length': dropsBeyond,
  'max-length-bytes': dropsBeyond,
  overflow: (value, { arguments: args }) => {
    const own = args['x-overflow'];
    if (own === undefined || value === own) return undefined;
    return 'messages are dropped when the queue is full, and dead-lettered without a confirm';
  },
  'delivery-limit': (value, { arguments: args }) => {
    const own = args['x-delivery-limit'];
    if (own === undefined || Number(value) < 0 || Number(value) >= Number(own)) return undefined;
    return `messages are taken from the queue before they came back ${own} times`;
  },
  // The argument names the exchange; beside it a key of the policy counts.
  'dead-letter-routing-key': (_value, { arguments: args }) =>
    'x-message-ttl' in args ? 'what waited for a retry does not come back to its lane' : undefined,
  ...Object.fromEntries(FEDERATION.map((key) => [key, () => FEDERATED])),
};

/** With `reject-publish` whoever publishes hears of it, and what is in the queue stays. */
function dropsBeyond(_value: unknown, { arguments: args }: Queue, inForce: PolicyDefinition): string | undefined {
  const overflow = inForce['overflow'] ?? args['x-overflow'];
  return overflow === 'reject-publish' ? undefined : 'messages are dropped when there are more';
}

/** What the policies in force on a queue of ours do to its messages. Pure. */
export function harmToQueue(queue: Queue, inForce: PolicyDefinition): Harm[] {
  return Object.entries(inForce).flatMap(([key, value]) => {
    const effect = RULES[key]?.(value, queue, inForce);
    return effect === undefined ? [] : [{ on: `queue ${queue.name}`, key, value, effect }];
  });
}

const EXCHANGE_EFFECTS: Readonly<Record<string, string>> = {
  'alternate-exchange': 'a message that no queue takes goes there, and counts as published',
  ...Object.fromEntries(FEDERATION.map((key) => [key, FEDERATED])),
};

/** What the policy on an exchange of ours does to its messages. Pure. */
export function harmToExchange({ name }: Exchange, inForce: PolicyDefinition): Harm[] {
  return Object.entries(inForce).flatMap(([key, value]) => {
    const effect = EXCHANGE_EFFECTS[key];
    return effect === undefined ? [] : [{ on: `exchange ${name}`, key, value, effect }];
  });
}

/**
 * What the policy in force on a lane does to attempts that may last as long as `holdsMs`, the most that a consumer of ours
 * holds a message before it acks. No message is lost by it, but work is done twice. Pure.
 */
export function strainOnLane({ name }: Queue, inForce: PolicyDefinition, holdsMs: number): Harm[] {
  const key = 'consumer-timeout';
  const value = inForce[key];
  if (value === undefined || Number(value) > holdsMs) return [];
  const effect = `a message that a consumer holds longer is taken back and attempted again, and it may be held for ${holdsMs} ms`;
  return [{ on: `queue ${name}`, key, value, effect }];
}

/** The same in words: which policy, what it does, and what to do. `candidates` are the policies that name it. */
export function inWords({ on, key, value, effect }: Harm, candidates: readonly PolicyReport[]): string {
  const setter =
    candidates.find(({ isOperators, definition }) => isOperators && definition[key] === value) ??
    candidates.find(({ definition }) => definition[key] === value);
  const policy =
    setter === undefined ? 'A policy' : `The ${setter.isOperators ? 'operator ' : ''}policy "${setter.name}"`;
  return `${policy} sets ${key} to ${JSON.stringify(value)} on ${on}: ${effect}.`;
}
