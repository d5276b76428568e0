import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What Node writes with `--cpu-prof`: a tree of calls, and which of them ran at each sample. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Microseconds of the monotonic clock. */
  readonly startTime: number;
  readonly samples: readonly number[];
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

/** One graph of a page: what was sampled from `beganAt` (monotonic microseconds) on. */
export interface Graph {
  readonly title: string;
  readonly profile: CpuProfile;
  readonly beganAt: number;
}

/** What d3-flame-graph draws: `value` in milliseconds, children included. */
interface Frame {
  readonly name: string;
  readonly value: number;
  readonly children: readonly Frame[];
}

/** One HTML page that needs nothing else: zoom by a click, search, hover for the time. */
export function flameGraphs(graphs: readonly Graph[]): string {
  const data = graphs.map(({ title, profile, beganAt }) => ({ title, root: framesOf(profile, beganAt) }));
  const [d3, flamegraph, style] = libraries();
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Esteira: where the CPU goes</title>
<style>${style}
body { font: 14px system-ui, sans-serif; margin: 1.5rem; } h2 { font-size: 1rem; }</style>
<h1>Where the CPU goes</h1>
<p>Width is time, what is above was called by what is below it. Click to zoom; time without work is left out.
<input id="search" type="search" placeholder="search, for example encode"></p>
<div id="graphs"></div>
<script>${d3}</script><script>${flamegraph}</script>
<script>
const charts = ${JSON.stringify(data).replaceAll('<', '\\u003c')}.map(({ title, root }) => {
  const part = d3.select('#graphs').append('section');
  part.append('h2').text(title);
  const chart = flamegraph.default().width(innerWidth - 60).inverted(false).sort(true)
    .label(({ data, value }) => data.name + ': ' + value.toFixed(1) + ' ms, ' + (100 * value / root.value).toFixed(1) + ' %');
  part.append('div').datum(root).call(chart);
  return chart;
});
document.getElementById('search').addEventListener('input', ({ target }) =>
  charts.forEach((chart) => target.value === '' ? chart.clear() : chart.search(target.value)));
</script></html>
`;
}

function libraries(): [string, string, string] {
  const { resolve } = createRequire(import.meta.url);
  const flame = dirname(resolve('d3-flame-graph'));
  const d3 = join(dirname(resolve('d3')), '..', 'dist', 'd3.min.js');
  const read = (file: string) => readFileSync(file, 'utf8').replaceAll('</script', '<\\/script');
  return [read(d3), read(join(flame, 'd3-flamegraph.umd.min.js')), read(join(flame, 'd3-flamegraph.css'))];
}

/** Where most time went: each function's own time, in percent of all that was not idle. */
export function hottest({ profile, beganAt }: Graph, most: number): string[] {
  const own = ownTimes(profile, beganAt);
  const byName = new Map<string, number>();
  let all = 0;
  for (const node of profile.nodes) {
    const spent = own.get(node.id) ?? 0;
    if (spent === 0 || node.callFrame.functionName === '(idle)') continue;
    all += spent;
    byName.set(nameOf(node), (byName.get(nameOf(node)) ?? 0) + spent);
  }
  const sorted = [...byName].sort(([, one], [, other]) => other - one).slice(0, most);
  return sorted.map(([name, spent]) => `${((100 * spent) / all).toFixed(1).padStart(5)} %  ${name}`);
}

/** Milliseconds by node. */
function ownTimes({ startTime, samples, timeDeltas }: CpuProfile, beganAt: number): Map<number, number> {
  const own = new Map<number, number>();
  let at = startTime;
  for (const [index, id] of samples.entries()) {
    const delta = timeDeltas[index] ?? 0;
    at += delta;
    if (at >= beganAt) own.set(id, (own.get(id) ?? 0) + delta / 1_000);
  }
  return own;
}

/** The calls as a tree with the time spent in each, idle time left out. */
function framesOf(profile: CpuProfile, beganAt: number): Frame {
  const { nodes } = profile;
  const own = ownTimes(profile, beganAt);
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const frame = (node: ProfileNode): Frame => {
    const children = (node.children ?? []).flatMap((id) => {
      const child = byId.get(id);
      return child === undefined || child.callFrame.functionName === '(idle)' ? [] : frame(child);
    });
    const shown = children.filter(({ value }) => value > 0);
    return {
      name: nameOf(node),
      value: shown.reduce((sum, { value }) => sum + value, own.get(node.id) ?? 0),
      children: shown,
    };
  };
  const [root] = nodes;
  return root === undefined ? { name: 'nothing', value: 0, children: [] } : frame(root);
}

function nameOf({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const place = url.replace(/^file:\/\//, '').replace(/^.*\/(node_modules|apps|libs)\//, '$1/');
  return `${name} ${place}:${lineNumber + 1}`;
}
