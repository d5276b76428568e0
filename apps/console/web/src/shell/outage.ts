import type { Overview } from '../api/answers.ts';

type Role = Overview['servers'][number]['role'];

/** What it means that this is away, while the rest is there; docs/operations.md says more of each. */
export const OUTAGE_MEANS = {
  source: 'its rows wait to be published; the other systems go on.',
  endput: 'nothing can be stored, so nothing is taken; messages wait in RabbitMQ.',
  redis: 'no run can be started, stopped or asked, and publishing waits; what is published is still handled.',
  rabbitmq: 'nothing is published or handled; what is to be sent waits in its source.',
  mongodb: 'no attempt can be logged, so no message is taken; they wait in RabbitMQ.',
  api: 'its system publishes nothing and takes no commands; what is published is still handled.',
  consumer: 'the others handle its messages; where there are none, these wait in RabbitMQ.',
} as const satisfies Record<Role, string>;
