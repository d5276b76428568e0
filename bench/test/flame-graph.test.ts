import { expect, it } from 'vitest';
import { flameGraphs, hottest, type CpuProfile } from '../src/flame-graph.ts';

const frame = (functionName: string) => ({ functionName, url: '', lineNumber: 0 });

/** Two ms before the measurement, then 3 ms of `work` and 5 ms without any. */
const profile: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2, 3, 4] },
    { id: 2, callFrame: frame('startUp') },
    { id: 3, callFrame: frame('work') },
    { id: 4, callFrame: frame('(idle)') },
  ],
  startTime: 1_000_000,
  samples: [2, 3, 4],
  timeDeltas: [2_000, 3_000, 5_000],
};
const graph = { title: 'consumer', profile, beganAt: 1_003_000 };

it('shows what ran while it was measured, and no idle time', () => {
  expect(hottest(graph, 10)).toEqual(['100.0 %  work']);
});

it('makes one page that loads nothing', () => {
  const page = flameGraphs([graph]);
  expect(page).toContain('consumer');
  expect(page).not.toContain('startUp');
  expect(page).not.toMatch(/<(script|link)[^>]+(src|href)=/);
});
