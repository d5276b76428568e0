/**
 * One kind of work that moves through the core. Its name is the label on queues, metrics, attempts, dead letters and
 * routes, and a part of every message id: it never changes.
 */
export interface Pipeline {
  /** For example `orders`. */
  readonly name: string;
  /** All types of its messages; one that is not here is refused. */
  readonly types: readonly [MessageType, ...MessageType[]];
  /** Its queues. A lane's name is its routing key; the queue is `<pipeline>.<lane>`. */
  readonly lanes: readonly [string, ...string[]];
  /** What is particular to some of them, by name. */
  readonly limits?: Readonly<Record<string, LaneLimits>>;
}

/** A type of messages. */
export interface MessageType {
  /** The AMQP `type`, for example `parcel.sent`. */
  readonly name: string;
  /** The newest schema version this build understands; carried in `x-schema-version`. */
  readonly schemaVersion: number;
}

/** What is particular to a lane, for whoever publishes to it or consumes it. */
export interface LaneLimits {
  /**
   * The longest that a consumer may hold a message, in milliseconds: the time limit of an attempt, times the attempts that
   * may be made before its own. Where RabbitMQ gives it less by itself (30 minutes), its queue is declared with it, and
   * keeps it for good: let it be generous.
   */
  readonly holdMs?: number;
  /** The most messages that may wait in it before publishing to it pauses; `MAX_LANE_DEPTH` where it is not set. */
  readonly mostDepth?: number;
  /**
   * How often its messages may be attempted; as those of the pipeline where it is not set. Whoever publishes to it for the
   * first time writes it into the message, whose own number counts from then on.
   */
  readonly maxAttempts?: number;
}

/**
 * The lane in which a message goes on: the one that it came from. The first where that is not known, as of a dead letter
 * of an earlier release, or is none of the pipeline's: one that was moved on RabbitMQ's page comes with a queue's name in
 * place of a lane, and no retry would find back to it. Pure.
 */
export function laneOf({ lanes }: Pick<Pipeline, 'lanes'>, lane: string | null): string {
  return lane !== null && lanes.includes(lane) ? lane : lanes[0];
}

/** How many messages may wait in a lane before publishing to it pauses. @param usually of lanes without a limit of their own */
export function mostDepthOf({ limits = {} }: Pick<Pipeline, 'limits'>, lane: string, usually: number): number {
  return limits[lane]?.mostDepth ?? usually;
}

/** How often a new message of a lane may be attempted. Pure. @param usually of lanes without a number of their own */
export function maxAttemptsOf({ limits = {} }: Pick<Pipeline, 'limits'>, lane: string, usually: number): number {
  return limits[lane]?.maxAttempts ?? usually;
}

/**
 * The type with which a message goes on: its own. The first where that is not known, as of a dead letter of an earlier
 * release, or is none of the pipeline's. Pure.
 */
export function typeOf({ types }: Pick<Pipeline, 'types'>, type: string | null | undefined): MessageType {
  return types.find(({ name }) => name === type) ?? types[0];
}

/** The newest schema version of a type; of one that is none of the pipeline's, that of all of them. Pure. */
export function newestVersion({ types }: Pick<Pipeline, 'types'>, type: string | undefined): number {
  const known = types.find(({ name }) => name === type);
  return known?.schemaVersion ?? Math.max(...types.map(({ schemaVersion }) => schemaVersion));
}
