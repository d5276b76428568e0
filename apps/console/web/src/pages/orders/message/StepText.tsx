import { Text } from '@mantine/core';
import type { ComponentProps, ReactNode } from 'react';
import { ErrorText } from '../../../feedback/ErrorText.tsx';
import { counted } from '../../../format/number.ts';
import { duration } from '../../../format/time.ts';
import { When } from '../../../format/When.tsx';
import { RouterAnchor } from '../../../link/links.tsx';
import type { Attempt, Step } from './timeline.ts';
import { ORDERS } from '../name.ts';

const TITLES = {
  created: 'Row in the source',
  stored: 'Stored in the endput',
  edited: 'Body edited',
  redriven: 'Redriven',
  republished: 'Was missing: published again',
  discarded: 'Discarded',
  superseded: 'Superseded: a copy of it was stored',
  'under-way': 'On its way',
} as const;

/** What a step is called. Pure. */
export function titleOf(step: Step): string {
  switch (step.kind) {
    case 'attempt':
      return `${step.round > 1 ? `Round ${step.round}, a` : 'A'}ttempt ${step.attempt}: ${step.status}`;
    case 'forgotten':
      return `${step.round > 1 ? `Round ${step.round}, ` : ''}${counted(step.attempts, 'attempt')} ${step.why === 'expired' ? 'no longer in the log' : 'not known now'}`;
    case 'dead-lettered':
      return `Dead letter${step.reason === null ? '' : `: ${step.reason}`}`;
    case 'created':
    case 'stored':
    case 'edited':
    case 'redriven':
    case 'republished':
    case 'discarded':
    case 'superseded':
    case 'under-way':
      return TITLES[step.kind];
  }
}

const WHY = {
  expired: 'The attempt log keeps attempts for a while only (ATTEMPT_LOG_TTL_SECONDS). They were made, and they count.',
  unavailable: 'The attempt log does not answer. They were made, and they count.',
} as const;

/** What there is to say of a step. */
export function StepText({ step }: { readonly step: Step }) {
  switch (step.kind) {
    case 'created':
      return <At at={step.at} />;
    case 'attempt':
      return <AttemptText attempt={step} />;
    case 'forgotten':
      return <Line>{WHY[step.why]}</Line>;
    case 'dead-lettered':
      return (
        <>
          {step.at !== null && <At at={step.at} />}
          {step.error !== null && <WhyFailed error={step.error} />}
        </>
      );
    case 'stored':
      return (
        <Line>
          <When at={step.at} />, at attempt {step.attempts}
          {step.round > 1 && ` of round ${step.round}`}
        </Line>
      );
    case 'under-way':
      return <Line>Not yet published, in a queue, waiting for a retry, or with a consumer.</Line>;
    case 'republished':
      return <RepublishedText step={step} />;
    case 'edited':
    case 'redriven':
    case 'discarded':
    case 'superseded':
      return <DoneText step={step} />;
  }
}

function AttemptText({
  attempt: { worker, at, duration_ms: took, error, delay_ms: delay },
}: {
  readonly attempt: Attempt;
}) {
  return (
    <>
      <Line>
        {at !== null && <When at={at} />}
        {took !== null && `, took ${duration(took)}`}
        {worker !== null && `, by ${worker}`}
      </Line>
      {error !== null && <WhyFailed error={error} />}
      {delay !== null && <Line>then waited {duration(delay)}</Line>}
    </>
  );
}

type Done = Extract<Step, { kind: 'edited' | 'redriven' | 'discarded' | 'superseded' }>;

/** Who did it, and why. */
function DoneText({ step }: { readonly step: Done }) {
  return (
    <Line>
      <When at={step.at} />
      {'by' in step && ` by ${step.by}`}: {step.why}
      {'job' in step && (
        <>
          {' '}
          <RouterAnchor
            to="/$pipeline/dead-letters/jobs/$jobId"
            params={{ pipeline: ORDERS, jobId: step.job }}
            size="sm"
            underline="always"
          >
            job {step.job}
          </RouterAnchor>
        </>
      )}
    </Line>
  );
}

function RepublishedText({ step }: { readonly step: Extract<Step, { kind: 'republished' }> }) {
  const { at, by, why, reconciliation } = step;
  return (
    <>
      <Line>
        <When at={at} /> by {by}
        {why !== null && `: ${why}`}
        {reconciliation !== null && (
          <>
            {' '}
            <RouterAnchor
              to="/orders/reconciliation/$id"
              params={{ id: reconciliation }}
              search={{ kind: 'missing' }}
              size="sm"
              underline="always"
            >
              its reconciliation
            </RouterAnchor>
          </>
        )}
      </Line>
      <Line>
        From attempt 1 on: attempts that the log still had were not made again, those that it had forgotten were, and
        count once.
      </Line>
    </>
  );
}

const WhyFailed = ({ error }: ComponentProps<typeof ErrorText>) => (
  <Text size="sm" component="div" style={{ overflowWrap: 'anywhere' }}>
    <ErrorText error={error} />
  </Text>
);

const At = ({ at }: { readonly at: string }) => (
  <Line>
    <When at={at} />
  </Line>
);

const Line = ({ children }: { readonly children: ReactNode }) => (
  <Text size="sm" c="dimmed" component="div">
    {children}
  </Text>
);
