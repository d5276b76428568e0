import type { Fault } from './faults.ts';
import type { Happening, Sample } from './ledger.ts';

const WIDTH = 1060;
const LEFT = 150;
const CHART_HEIGHT = 180;
const ROW_HEIGHT = 16;
const PAD = 24;

/** Colours that read on light and dark. */
const COLOURS: Record<Fault['kind'], string> = {
  kill: '#d6453d',
  freeze: '#4a86d8',
  'server-kill': '#a3282e',
  outage: '#d98324',
  cut: '#8e5bb5',
  hole: '#5c4d9a',
  refusal: '#2a9d8f',
  copies: '#7a8a99',
  poison: '#5f8f2f',
  flush: '#c2438f',
};

/** Orders that came to rest each second, and under it a line of faults for each thing that was broken. An SVG. Pure. */
export function timeLine(samples: readonly Sample[], happenings: readonly Happening[]): string {
  const end = Math.max(1, samples.at(-1)?.at ?? 1, ...happenings.map(({ to }) => to));
  const x = (at: number) => LEFT + (at / end) * (WIDTH - LEFT - 10);
  const rows = Map.groupBy(happenings, ({ fault }) => subjectOf(fault));
  const names = [...rows.keys()].sort();
  const height = CHART_HEIGHT + 2 * PAD + names.length * ROW_HEIGHT;
  const lines = names.map((name, row) =>
    faultLine(name, CHART_HEIGHT + PAD * 1.5 + row * ROW_HEIGHT, rows.get(name) ?? [], x),
  );
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="orders that came to rest each second, and the faults">
${throughput(samples, x)}
${axis(end, x, height)}
${lines.join('\n')}
</svg>
<p>${Object.entries(COLOURS)
    .map(([kind, colour]) => `<span style="color:${colour}">■</span> ${kind}`)
    .join(' &nbsp; ')}</p>`;
}

/** What a fault was done to. */
function subjectOf(fault: Fault): string {
  switch (fault.kind) {
    case 'kill':
    case 'freeze':
      return fault.process;
    case 'server-kill':
    case 'outage':
      return fault.server;
    case 'cut':
    case 'hole':
      return `links of ${fault.link.process}`;
    case 'flush':
      return 'redis';
    case 'refusal':
      return 'rabbitmq';
    case 'copies':
    case 'poison':
      return 'messages';
  }
}

function throughput(samples: readonly Sample[], x: (at: number) => number): string {
  const rates = perSecond(samples);
  const most = Math.max(1, ...rates.map(({ rate }) => rate));
  const y = (rate: number) => PAD / 2 + CHART_HEIGHT * (1 - rate / most);
  const points = rates.map(({ at, rate }) => `${x(at).toFixed(1)},${y(rate).toFixed(1)}`);
  const [first, last] = [rates[0], rates.at(-1)];
  if (first === undefined || last === undefined) return '';
  const area = `${x(first.at).toFixed(1)},${y(0)} ${points.join(' ')} ${x(last.at).toFixed(1)},${y(0)}`;
  return `<polygon points="${area}" fill="#4a86d8" opacity=".25"/><polyline points="${points.join(' ')}" fill="none" stroke="#4a86d8"/>
<text x="4" y="${PAD}">${Math.round(most).toLocaleString('en-US')} orders/s</text><text x="4" y="${y(0)}">0</text>`;
}

/** Orders that came to rest per second between one sample and the next. */
export function perSecond(samples: readonly Sample[]): { at: number; rate: number }[] {
  return samples.slice(1).map((sample, i) => {
    const before = samples[i] ?? sample;
    const rested = sample.stored + sample.dead - before.stored - before.dead;
    return { at: sample.at, rate: Math.max(0, (rested * 1000) / Math.max(1, sample.at - before.at)) };
  });
}

function axis(end: number, x: (at: number) => number, height: number): string {
  const step = [5, 10, 30, 60, 120, 300].find((seconds) => end / 1000 / seconds <= 12) ?? 600;
  const marks = Array.from({ length: Math.floor(end / 1000 / step) + 1 }, (_, i) => i * step);
  return marks
    .map((seconds) => {
      const at = x(seconds * 1000).toFixed(1);
      return `<line x1="${at}" x2="${at}" y1="${PAD / 2}" y2="${height}" stroke="currentColor" opacity=".12"/><text x="${at}" y="${CHART_HEIGHT + PAD}">${seconds} s</text>`;
    })
    .join('');
}

function faultLine(name: string, top: number, happenings: readonly Happening[], x: (at: number) => number): string {
  const bars = happenings.map(({ fault, what, from, to }) => {
    const width = Math.max(2, x(to) - x(from)).toFixed(1);
    return `<rect x="${x(from).toFixed(1)}" y="${top + 3}" width="${width}" height="10" fill="${COLOURS[fault.kind]}" opacity=".8"><title>${what}</title></rect>`;
  });
  return `<text x="4" y="${top + 12}">${name}</text>${bars.join('')}`;
}
