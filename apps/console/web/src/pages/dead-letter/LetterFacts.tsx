import { ErrorText } from '../../feedback/ErrorText.tsx';
import { Facts } from '../../feedback/Facts.tsx';
import { Panel } from '../../feedback/Panel.tsx';
import { State } from '../../feedback/State.tsx';
import { bytes, count } from '../../format/number.ts';
import { When } from '../../format/When.tsx';
import { usePipeline } from '../../pipeline/current.tsx';
import { LETTER_TONES } from '../dead-letters/letter-columns.tsx';
import type { Letter } from './query.ts';

/** Why it is dead, and since when. */
export function LetterFacts({ letter }: { readonly letter: Letter }) {
  const { lanes } = usePipeline();
  const { state, reason, error, round, attempts, body_bytes, first_attempt_at, dead_at } = letter;
  return (
    <Panel title="Why" aside={<State tone={LETTER_TONES[state]}>{state}</State>}>
      <Facts
        facts={[
          ['Reason', reason],
          ['Error', <ErrorText error={error} />],
          ['Attempts', `${count(attempts.length)}, round ${round}`],
          ['First attempt', <When at={first_attempt_at} />],
          ['Died', <When at={dead_at} />],
          ...(lanes.length > 1 ? [['Lane', letter.lane] as const] : []),
          ['Body', `${bytes(body_bytes)}${letter.is_edited ? ', edited' : ''}`],
        ]}
      />
    </Panel>
  );
}
