import type { Logger } from '@esteira/observability';
import type { Pipeline, Publish } from '@esteira/pipeline';
import type { Broker } from './broker.ts';
import { declareForGood } from './declare.ts';
import { laneDepth } from './depth.ts';
import type { Management } from './management.ts';
import { PolicyInForce, watchPolicies } from './policy-watch.ts';
import { createPublisher } from './publish.ts';
import { names, pipelineTopology } from './topology.ts';

/** The way to the lanes of a pipeline. */
export interface OpenLanes {
  readonly publish: Publish;
  /** Messages that wait in a lane of its pipeline. */
  readonly depth: (lane: string) => Promise<number>;
  /** Rejects when nothing can be published: no connection, an alarm, a topology that is not ours, a policy that harms. */
  readonly ready: () => Promise<void>;
  /** What to tell people while an alarm or a policy of the broker stops publishing; undefined while none does. */
  readonly blocked: () => string | undefined;
  readonly close: () => void;
}

/** What lanes are opened with. */
export interface OpenLanesOptions {
  readonly pipeline: Pipeline;
  /** Who publishes, as each message says. */
  readonly appId: string;
  readonly broker: Broker;
  readonly management: Management;
  readonly logger: Logger;
}

function alarmOf({ blocked }: Pick<Broker, 'blocked'>): string | undefined {
  return blocked === undefined ? undefined : `RabbitMQ holds publishers back: ${blocked}`;
}

/**
 * Publishes to a pipeline. Exchanges and queues are declared before the first message, and again after any
 * publish that went wrong: the broker may have come back empty. While a policy would lose messages none is sent: they are
 * safe in the source, and the run waits.
 */
export function openLanes({ pipeline, appId, broker, management, logger }: OpenLanesOptions): OpenLanes {
  const send = createPublisher(broker, {
    exchange: names.exchange(pipeline),
    mandatory: true,
    appId,
  });
  const policies = watchPolicies(pipeline, management, logger);
  const onDeclared = declaredFirst(async () => {
    await declareForGood(broker, pipelineTopology(pipeline), management, logger);
    await policies.look();
  });
  const blocked = () => alarmOf(broker) ?? policies.fault;
  const depth = (...lanes: string[]) =>
    onDeclared(async () => ({ result: await laneDepth(broker, pipeline, lanes), again: false }));
  return {
    depth,
    publish: (messages) =>
      onDeclared(async () => {
        if (policies.fault !== undefined) throw new PolicyInForce(policies.fault);
        const outcomes = await send(messages);
        return { result: outcomes, again: outcomes.includes('unroutable') };
      }),
    ready: async () => {
      const alarm = alarmOf(broker);
      if (alarm !== undefined) throw new Error(alarm);
      await depth(...pipeline.lanes);
      if (policies.fault !== undefined) throw new PolicyInForce(policies.fault);
    },
    blocked,
    close: () => {
      policies.close();
    },
  };
}

/** Does work once everything is declared. What went wrong is declared again before the next try: it may be gone. */
function declaredFirst(declare: () => Promise<void>) {
  let declaring: Promise<void> | undefined;
  return async <T>(work: () => Promise<{ result: T; again: boolean }>): Promise<T> => {
    declaring ??= declare();
    try {
      await declaring;
      const { result, again } = await work();
      if (again) declaring = undefined;
      return result;
    } catch (error) {
      declaring = undefined;
      throw error;
    }
  };
}
