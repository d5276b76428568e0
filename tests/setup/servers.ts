import { keptTestServers, startTestServers } from '@esteira/infra';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Every setting, resolved to the private servers of this run: `loadSettings(inject('env'))`. */
    env: Record<string, string>;
  }
}

/** Private servers, once for the whole run; those that `npm run -s test:servers` keeps up are used where it runs. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const kept = keptTestServers();
  if (kept !== undefined) {
    project.provide('env', kept);
    return undefined;
  }
  const servers = await startTestServers(process.env, (line) => {
    console.log(`servers: ${line}`);
  });
  project.provide('env', servers.env);
  return () => servers.stop();
}
