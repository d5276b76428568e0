import type { AttemptLog } from '@esteira/attempt-log';
import { laneDepth, PolicyInForce, type Broker, type Consumer, type PolicyWatch } from '@esteira/messaging';
import { ordersPipeline, type Verifier } from '@esteira/orders/domain';
import type { Postgres } from '@esteira/postgres';

/** What a running consumer is asked about. */
interface Checked {
  readonly endput: Postgres;
  readonly attemptLog: AttemptLog;
  readonly sender: Broker;
  readonly policies: PolicyWatch;
  readonly consumers: readonly Consumer[];
  readonly verifier: Verifier;
}

export function isConsuming({ state }: Consumer): boolean {
  return state.kind === 'consuming';
}

/** What a consumer can't do its work without, each to be asked. */
export function checksOf(checked: Checked): Readonly<Record<string, () => Promise<void>>> {
  const { endput, attemptLog, sender, policies, consumers, verifier } = checked;
  return {
    verifier: async () => {
      await verifier.check?.();
    },
    endput: async () => {
      await endput.query('SELECT 1');
    },
    'attempt-log': () => attemptLog.ping(),
    rabbitmq: async () => {
      if (sender.blocked !== undefined) throw new Error(`RabbitMQ holds publishers back: ${sender.blocked}`);
      await laneDepth(sender, ordersPipeline);
      if (policies.fault !== undefined) throw new PolicyInForce(policies.fault);
    },
    consuming: () => {
      const idle = consumers.find((consumer) => !isConsuming(consumer))?.state;
      if (idle === undefined) return Promise.resolve();
      return Promise.reject(new Error(idle.kind === 'backing-off' ? idle.fault.message : idle.kind));
    },
  };
}
