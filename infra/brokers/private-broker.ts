import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { startOf } from '../native/processes.ts';
import { configurationFiles } from '../native/rabbitmq.ts';
import { until } from '../src/until.ts';
import { unprivileged, type User } from '../native/users.ts';
import { privatePort } from '../src/ports.ts';

const ACCOUNT = { user: 'esteira', password: 'esteira', name: '/' };

/** Where a private broker listens, on 127.0.0.1. */
interface Ports {
  readonly amqp: number;
  readonly management: number;
  readonly distribution: number;
  readonly epmd: number;
}

/**
 * A RabbitMQ out of a root of its own, with the project's configuration, as an unprivileged user, on loopback. It can
 * be killed and started again on the same data. Neither it nor its name server outlives this process, however that ends.
 */
export class PrivateBroker {
  readonly url: string;
  readonly managementUrl: string;
  readonly #root: string;
  readonly #ports: Ports;
  readonly #user: User;
  /** The same directory, seen from outside and from inside the root. */
  readonly #outside: string;
  readonly #inside: string;
  #server: ChildProcess | undefined;
  #epmd: ChildProcess | undefined;

  /** Prepares a broker; `start()` runs it. */
  static async in(root: string): Promise<PrivateBroker> {
    removeAbandoned(join(root, 'srv'));
    const taken = new Set<number>();
    const next = () => privatePort(24_000 + Math.floor(Math.random() * 6_000), taken);
    const ports = { amqp: await next(), management: await next(), distribution: await next(), epmd: await next() };
    return new PrivateBroker(root, ports);
  }

  private constructor(root: string, ports: Ports) {
    const user = unprivileged('rabbitmq');
    if (user === undefined) throw new Error('Only root can start a broker by chroot.');
    this.#root = root;
    this.#ports = ports;
    this.#user = user;
    this.#inside = `/srv/${process.pid}`;
    this.#outside = join(root, this.#inside);
    this.url = `amqp://${ACCOUNT.user}:${ACCOUNT.password}@127.0.0.1:${ports.amqp}`;
    this.managementUrl = `http://${ACCOUNT.user}:${ACCOUNT.password}@127.0.0.1:${ports.management}`;
    this.#configure();
  }

  #configure(): void {
    mkdirSync(this.#outside, { recursive: true });
    chmodSync(this.#outside, 0o700);
    chownSync(this.#outside, this.#user.uid, this.#user.gid);
    const { amqp, management } = this.#ports;
    const files = configurationFiles(amqp, management, this.#inside, ACCOUNT);
    for (const [name, text] of Object.entries({ ...files, '.erlang.cookie': `private${process.pid}` })) {
      const file = join(this.#outside, name);
      writeFileSync(file, text);
      chownSync(file, this.#user.uid, this.#user.gid);
      chmodSync(file, 0o400);
    }
  }

  /** Starts it and waits until it takes connections. */
  async start(): Promise<void> {
    this.#epmd ??= this.#spawn(['/usr/bin/epmd', '-port', String(this.#ports.epmd), '-address', '127.0.0.1']);
    const server = this.#spawn(['/usr/lib/rabbitmq/bin/rabbitmq-server']);
    this.#server = server;
    const giveUp = () => (hasEnded(server) ? new Error('it ended') : undefined);
    await until(() => this.#refusal(), { timeoutMs: 90_000, giveUp }).catch((error: unknown) => {
      throw new Error(
        `RabbitMQ of ${this.#root} does not start: ${String(error)}. Its last lines:\n${this.#lastLines()}`,
      );
    });
  }

  /** What the broker calls itself, for example 4.0.5. */
  async version(): Promise<string> {
    const overview = (await (await this.#ask('overview')).json()) as { rabbitmq_version: string };
    return overview.rabbitmq_version;
  }

  /**
   * Whether a quorum queue would survive a kill. RabbitMQ writes the list of its quorum queues to disc up to a second
   * after a declaration; killed before that, it starts the queue again as an empty one, confirmed messages or not.
   */
  hasOnDisc(queue: string): boolean {
    const data = join(this.#outside, 'data');
    const lists = readdirSync(data, { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('names.dets'),
    );
    return lists.some((file) => readFileSync(join(data, file)).includes(queue));
  }

  /** Sets an application variable of `rabbit` in the broker that runs, by its own control command. */
  async configureRunning(name: string, value: number): Promise<void> {
    const expression = `application:set_env(rabbit, ${name}, ${value}).`;
    const command = this.#spawn(['/usr/lib/rabbitmq/bin/rabbitmqctl', 'eval', expression], 'control.log');
    await once(command, 'exit');
    if (command.exitCode !== 0) {
      throw new Error(`rabbitmqctl could not set ${name} to ${value}:\n${this.#lastLines('control.log')}`);
    }
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    await end(this.#server, 'SIGKILL');
  }

  /** Ends it and its name server, and removes its data. */
  async remove(): Promise<void> {
    await end(this.#server, 'SIGKILL'); // Nothing is kept: no need to ask it politely.
    await end(this.#epmd, 'SIGKILL');
    rmSync(this.#outside, { recursive: true, force: true });
  }

  /**
   * In a mount namespace of its own, so that /proc and /dev of the root need no unmounting, and ended by the kernel
   * when this process ends. Each step replaces the one before it: the child's pid is the program's.
   */
  #spawn(command: readonly string[], logName = 'output.log'): ChildProcess {
    const { uid, gid } = this.#user;
    const enter = 'mount --rbind /proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"';
    const drop = ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--pdeathsig=KILL'];
    const log = openSync(join(this.#outside, logName), 'a');
    const args = ['--mount', '--propagation=private', 'sh', '-c', enter, this.#root, ...drop, ...command];
    return spawn('unshare', args, { env: this.#environment(), stdio: ['ignore', log, log] });
  }

  /** Nothing is read from the root's own /etc/rabbitmq or /var/lib/rabbitmq. */
  #environment(): Record<string, string> {
    const at = (name: string) => `${this.#inside}/${name}`;
    return {
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
      LANG: 'C.UTF-8',
      HOME: this.#inside,
      RABBITMQ_NODENAME: 'esteira@localhost',
      RABBITMQ_CONF_ENV_FILE: at('rabbitmq-env.conf'),
      RABBITMQ_CONFIG_FILE: at('rabbitmq.conf'),
      RABBITMQ_ADVANCED_CONFIG_FILE: at('advanced.config'),
      RABBITMQ_ENABLED_PLUGINS_FILE: at('enabled_plugins'),
      RABBITMQ_GENERATED_CONFIG_DIR: at('generated'),
      RABBITMQ_MNESIA_BASE: at('data'),
      RABBITMQ_FEATURE_FLAGS_FILE: at('feature_flags'),
      RABBITMQ_PID_FILE: at('rabbitmq.pid'),
      RABBITMQ_LOG_BASE: at('log'),
      RABBITMQ_LOGS: '-',
      ERL_CRASH_DUMP: at('erl_crash.dump'),
      RABBITMQ_DIST_PORT: String(this.#ports.distribution),
      ERL_EPMD_PORT: String(this.#ports.epmd),
      ERL_EPMD_ADDRESS: '127.0.0.1',
      RUNNING_UNDER_SYSTEMD: 'true', // The VM replaces the script, so that a signal reaches it.
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS:
        '-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none',
      RABBITMQ_CTL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    };
  }

  /** The management API answers for the AMQP listener: it opens last. */
  async #refusal(): Promise<string | undefined> {
    const response = await this.#ask(`health/checks/port-listener/${this.#ports.amqp}`);
    return response.ok ? undefined : `${response.status} ${await response.text()}`;
  }

  #ask(path: string): Promise<Response> {
    const credentials = Buffer.from(`${ACCOUNT.user}:${ACCOUNT.password}`).toString('base64');
    return fetch(`http://127.0.0.1:${this.#ports.management}/api/${path}`, {
      headers: { authorization: `Basic ${credentials}` },
      signal: AbortSignal.timeout(5_000),
    });
  }

  #lastLines(logName = 'output.log'): string {
    return readFileSync(join(this.#outside, logName), 'utf8').split('\n').slice(-20).join('\n');
  }
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function end(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || hasEnded(child)) return;
  const ended = once(child, 'exit');
  child.kill(signal);
  await ended;
}

/** Data of brokers whose runner was killed before it could remove it. Each directory is named for its runner's pid. */
function removeAbandoned(directory: string): void {
  if (!existsSync(directory)) return;
  for (const pid of readdirSync(directory)) {
    if (startOf(Number(pid)) === undefined) rmSync(join(directory, pid), { recursive: true, force: true });
  }
}
