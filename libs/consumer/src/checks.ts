import type { AttemptLog } from '@esteira/attempt-log';
import { laneDepth, PolicyInForce, type Broker, type Consumer, type PolicyWatch } from '@esteira/messaging';
import type { Handler, Pipeline } from '@esteira/pipeline';
import type { Postgres } from '@esteira/postgres';

/** What a running consumer is asked about. */
interface Checked {
  readonly endput: Postgres;
  readonly attemptLog: AttemptLog;
  readonly sender: Broker;
  readonly policies: PolicyWatch;
  readonly consumers: readonly Consumer[];
  readonly handler: Pick<Handler<never>, 'check'>;
  readonly pipeline: Pipeline;
}

export function isConsuming({ state }: Consumer): boolean {
  return state.kind === 'consuming';
}

/** What a consumer can't do its work without, each to be asked; a rejection says what is wrong. */
export type ConsumerChecks = Readonly<
  Record<'handler' | 'endput' | 'attempt-log' | 'rabbitmq' | 'consuming', () => Promise<void>>
>;

/** Asks all that a running consumer depends on. */
export function checksOf(checked: Checked): ConsumerChecks {
  const { endput, attemptLog, sender, policies, consumers, handler, pipeline } = checked;
  return {
    handler: async () => {
      await handler.check?.();
    },
    endput: async () => {
      await endput.query('SELECT 1');
    },
    'attempt-log': () => attemptLog.ping(),
    rabbitmq: async () => {
      if (sender.blocked !== undefined) throw new Error(`RabbitMQ holds publishers back: ${sender.blocked}`);
      await laneDepth(sender, pipeline);
      if (policies.fault !== undefined) throw new PolicyInForce(policies.fault);
    },
    consuming: () => {
      const idle = consumers.find((consumer) => !isConsuming(consumer))?.state;
      if (idle === undefined) return Promise.resolve();
      return Promise.reject(new Error(idle.kind === 'backing-off' ? idle.fault.message : idle.kind));
    },
  };
}
