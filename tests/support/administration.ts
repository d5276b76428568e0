import { virtualHostOf } from '@esteira/messaging';
import { serverSetting } from './servers.ts';

/** What an administrator does to a virtual host over the management API. */
export interface Administration {
  setPolicy(name: string, policy: Policy): Promise<void>;
  /** An operator's: it overrides what users say. */
  setOperatorPolicy(name: string, policy: Policy): Promise<void>;
  /** Those of users and of operators. */
  removeAllPolicies(): Promise<void>;
  /** Any other request: `PUT /api/<path>`, and the like. */
  readonly ask: (method: string, path: string, body?: unknown) => Promise<unknown>;
  /** The virtual host, as it stands in a path. */
  readonly vhost: string;
}

export interface Policy {
  readonly pattern: string;
  readonly definition: Readonly<Record<string, string | number>>;
  readonly 'apply-to': 'all' | 'queues' | 'exchanges';
}

export function administrationOf(brokerUrl: string): Administration {
  const { username, password, origin } = new URL(serverSetting('RABBITMQ_MANAGEMENT_URL'));
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const vhost = encodeURIComponent(virtualHostOf(brokerUrl));
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${origin}/api/${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  const put = (kind: string) => async (name: string, policy: Policy) => {
    await ask('PUT', `${kind}/${vhost}/${name}`, policy);
  };
  const removeAll = async (kind: string) => {
    const policies = (await ask('GET', `${kind}/${vhost}`)) as { name: string }[];
    for (const { name } of policies) await ask('DELETE', `${kind}/${vhost}/${encodeURIComponent(name)}`);
  };
  return {
    setPolicy: put('policies'),
    setOperatorPolicy: put('operator-policies'),
    removeAllPolicies: async () => {
      await removeAll('policies');
      await removeAll('operator-policies');
    },
    ask,
    vhost,
  };
}
