import type { Settings } from '@esteira/settings';
import type { ServiceStatus } from '@esteira/infra';
import { withoutPasswords } from '@esteira/observability';
import { renderTable } from './table.ts';

/** The addresses to open next, of what is up. */
export function addressTable(settings: Settings, services: readonly ServiceStatus[]): string {
  return renderTable(['what', 'address'], addressRows(settings, services));
}

/** The rows of {@link addressTable}: what people open in a browser first, then what they connect to. */
export function addressRows(settings: Settings, services: readonly ServiceStatus[]): [what: string, address: string][] {
  const isUp = (name: string) => services.some((service) => service.name === name && service.state === 'up');
  const rows: [needs: string, what: string, address: string][] = [
    ['console', 'the console: see, repair, trust the numbers', `http://localhost:${settings.CONSOLE_PORT}`],
    ['console', 'the console as an API', `http://localhost:${settings.CONSOLE_PORT}/docs`],
    ...settings.systems.flatMap(({ name, apiPort }): [string, string, string][] => [
      [`api-${name}`, `API of ${name}: try it out`, `http://127.0.0.1:${apiPort}/docs`],
      [`api-${name}`, `API of ${name}: reference`, `http://127.0.0.1:${apiPort}/redoc`],
    ]),
    [
      'rabbitmq',
      `RabbitMQ: queues (${signIn(settings.RABBITMQ_MANAGEMENT_URL)})`,
      page(settings.RABBITMQ_MANAGEMENT_URL),
    ],
    [
      'mongo-express',
      'Mongo Express: the attempt log (user esteira, password esteira)',
      `http://127.0.0.1:${settings.MONGO_EXPRESS_PORT}`,
    ],
    [
      'endput',
      `endput: stored orders and dead letters (${signIn(settings.ENDPUT_DATABASE_URL)})`,
      withoutPasswords(settings.ENDPUT_DATABASE_URL),
    ],
    [
      'tasks',
      `tasks: schedules and tasks (${signIn(settings.TASKS_DATABASE_URL)})`,
      withoutPasswords(settings.TASKS_DATABASE_URL),
    ],
  ];
  return rows.filter(([needs]) => isUp(needs)).map(([, what, address]) => [what, address]);
}

/** The page without user and password: browsers ask for them. */
function page(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** The password that everybody knows is shown: without it nobody gets in. One of your own stays where you keep it. */
const WELL_KNOWN = 'esteira';

function signIn(url: string): string {
  const { username, password } = new URL(url);
  const user = `user ${decodeURIComponent(username)}`;
  return password === WELL_KNOWN ? `${user}, password ${WELL_KNOWN}` : user;
}
