// `npm run -s test:servers`: keeps servers for tests up until it is interrupted, so that the next runs start at once.
import { rmSync, writeFileSync } from 'node:fs';
import { KEPT_ENV_FILE, startTestServers } from './test-servers.ts';

const report = (line: string) => {
  console.log(line);
};
const servers = await startTestServers(process.env, report);
const lines = Object.entries(servers.env).map(([name, value]) => `${name}=${value}`);
writeFileSync(KEPT_ENV_FILE, `ESTEIRA_TEST_OWNER=${process.pid}\n${lines.join('\n')}\n`);
report(`ready, and written to ${KEPT_ENV_FILE}. Ctrl-C ends them.`);

const timer = setInterval(() => undefined, 60_000);
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    clearInterval(timer);
    rmSync(KEPT_ENV_FILE, { force: true });
    void servers.stop();
  });
}
