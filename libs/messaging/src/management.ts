import { BrokerUnavailable } from './broker.ts';
import { accountOf } from './connection.ts';
import type { PolicyDefinition, PolicyReport } from './policy-harm.ts';
import type { Arguments } from './topology.ts';

/** What RabbitMQ's management API says of a queue. Counts lag by up to 5 s. */
export interface QueueReport {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Ready and unacked. */
  readonly messages: number;
  readonly ready: number;
  readonly unacked: number;
  readonly consumers: number;
  /**
   * Whether RabbitMQ has no counts of it yet: it was declared, or the broker started, within the last seconds (8 to 10 on
   * 3.10).
   */
  readonly isNew: boolean;
  /** The policies that match it, by name: a user's, and an operator's. */
  readonly policy?: string | undefined;
  readonly operatorPolicy?: string | undefined;
  /** What both of them come to; nothing while the queue is new. */
  readonly inForce: PolicyDefinition;
}

/** RabbitMQ's management API, as far as it is needed here. */
export interface Management {
  /** All queues of the virtual host. */
  queues(): Promise<QueueReport[]>;
  queue(name: string): Promise<QueueReport | undefined>;
  exchange(name: string): Promise<ExchangeReport | undefined>;
  /** All exchanges of the virtual host, and the policy that matches each. */
  exchanges(): Promise<NamedExchange[]>;
  /** All policies of the virtual host, of users and operators. */
  policies(): Promise<PolicyReport[]>;
  /** The routing keys that bind a queue to an exchange. */
  bindingKeys(exchange: string, queue: string): Promise<string[]>;
  /** Whether a feature flag is on; undefined where this version has no such flag. Needs an administrator. */
  featureFlag(name: string): Promise<boolean | undefined>;
}

/** What RabbitMQ's management API says of an exchange. */
export interface ExchangeReport {
  readonly type: string;
  readonly arguments: Arguments;
  /** Messages that wait in it, when it is of the delayed-message plugin. */
  readonly messages_delayed?: number;
}

/** An exchange, and the name of the policy that matches it. */
export interface NamedExchange {
  readonly name: string;
  readonly policy?: string;
}

/** A page in the place of JSON is that of something in front of RabbitMQ. */
const orForeign =
  (origin: string, { status, headers }: Response) =>
  (error: unknown) => {
    if (!(error instanceof SyntaxError)) throw error;
    const what = `answered ${status} with ${headers.get('content-type') ?? 'no content type'}, which is not its JSON`;
    throw new BrokerUnavailable(`RabbitMQ's management API at ${origin} ${what}.`, { cause: error });
  };

/** Talks to the management API at `url` (with user and password) about the virtual host of `brokerUrl`. */
export function openManagement(url: string, brokerUrl: string): Management {
  const { username, password, origin, pathname } = new URL(url);
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  const vhost = encodeURIComponent(virtualHostOf(brokerUrl));
  const base = `${origin}${pathname.replace(/\/$/, '')}/api`;
  const get = async (path: string): Promise<unknown> => {
    const response = await fetch(`${base}/${path}`, { headers: { authorization }, signal: AbortSignal.timeout(5_000) });
    if (response.status === 404) return undefined;
    if (!response.ok) throw new Error(`RabbitMQ's management API answered ${response.status} for ${path}`);
    return response.json().catch(orForeign(origin, response));
  };
  const named = (name: string) => `${vhost}/${encodeURIComponent(name)}`;
  return {
    queues: async () => (((await get(`queues/${vhost}`)) ?? []) as RawQueue[]).map(queueReport),
    queue: async (name) => {
      const raw = (await get(`queues/${named(name)}`)) as RawQueue | undefined;
      return raw && queueReport(raw);
    },
    exchange: async (name) => (await get(`exchanges/${named(name)}`)) as ExchangeReport | undefined,
    exchanges: async () =>
      ((await get(`exchanges/${vhost}?columns=name,policy&disable_stats=true`)) ?? []) as NamedExchange[],
    policies: async () => {
      const [users, operators] = await Promise.all([get(`policies/${vhost}`), get(`operator-policies/${vhost}`)]);
      return [...policyReports(users, false), ...policyReports(operators, true)];
    },
    bindingKeys: async (exchange, queue) => {
      const path = `bindings/${vhost}/e/${encodeURIComponent(exchange)}/q/${encodeURIComponent(queue)}`;
      return (((await get(path)) ?? []) as { routing_key: string }[]).map(({ routing_key }) => routing_key);
    },
    featureFlag: async (name) => {
      const flags = ((await get('feature-flags')) ?? []) as { name: string; state: string }[];
      const flag = flags.find((known) => known.name === name);
      return flag && flag.state === 'enabled';
    },
  };
}

interface RawQueue {
  readonly name: string;
  readonly arguments?: QueueReport['arguments'];
  readonly messages?: number;
  readonly messages_ready?: number;
  readonly messages_unacknowledged?: number;
  readonly consumers?: number;
  readonly policy?: string;
  readonly operator_policy?: string;
  readonly effective_policy_definition?: PolicyDefinition;
}

function policyReports(answer: unknown, isOperators: boolean): PolicyReport[] {
  const raw = (answer ?? []) as Pick<PolicyReport, 'name' | 'definition'>[];
  return raw.map(({ name, definition }) => ({ name, definition, isOperators }));
}

/** A queue that was declared a moment ago has no counts yet. */
function queueReport({ name, arguments: args = {}, messages, ...raw }: RawQueue): QueueReport {
  const { messages_ready: ready = 0, messages_unacknowledged: unacked = 0, consumers = 0 } = raw;
  const { policy, operator_policy: operatorPolicy, effective_policy_definition: inForce = {} } = raw;
  const isNew = messages === undefined;
  const counts = { messages: messages ?? 0, ready, unacked, consumers, isNew };
  return { name, arguments: args, ...counts, policy, operatorPolicy, inForce };
}

/** The virtual host a broker's URL names; `/` by default. */
export function virtualHostOf(brokerUrl: string): string {
  return accountOf(brokerUrl).virtualHost;
}
