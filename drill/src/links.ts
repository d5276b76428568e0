import { serversOf, type AppService } from '@esteira/infra';
import { settingsEntries, type Settings } from '@esteira/settings';
import type { LinkName } from './faults.ts';
import { openProxy, type LinkProxy } from './proxy.ts';

/** The links of one process, each with a proxy in it. */
export interface Links {
  readonly process: string;
  readonly byServer: ReadonlyMap<string, LinkProxy>;
  /** The settings of the process: every server is reached through its link. */
  readonly env: Readonly<Record<string, string>>;
}

/** Puts a proxy between an app and each server it needs. */
export async function openLinks(app: AppService, settings: Settings): Promise<Links> {
  const env = Object.fromEntries(settingsEntries(settings));
  const byServer = new Map<string, LinkProxy>();
  for (const server of serversOf(settings).filter(({ name }) => app.needs.includes(name))) {
    // The first address is the one that work goes through; the broker's second is for looking only.
    const [{ setting, port, url = '' }] = server.listens;
    const proxy = await openProxy(port, { amqp: server.type === 'rabbitmq' });
    byServer.set(server.name, proxy);
    env[setting] = url.replace(`:${port}`, `:${proxy.port}`);
  }
  return { process: app.name, byServer, env };
}

/** The names of all links. */
export function linkNames(links: readonly Links[]): LinkName[] {
  return links.flatMap(({ process, byServer }) => [...byServer.keys()].map((server) => ({ process, server })));
}
