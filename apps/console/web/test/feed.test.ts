import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { Feed, type Source, type Told } from '../src/api/feed.ts';

/** A stream that tells what a test says. */
class Stream extends EventTarget implements Source {
  readyState = 0;
  isClosed = false;
  close() {
    this.isClosed = true;
  }
  tell(name: string, data?: object) {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data) }));
  }
}

function feeding() {
  const streams: Stream[] = [];
  const feed = new Feed(() => {
    streams.push(new Stream());
    return streams.at(-1)!;
  });
  const looker = () => {
    const heard: Told[] = [];
    const listener = (told: Told) => heard.push(told);
    return {
      heard,
      look: () => {
        feed.look(listener);
      },
      leave: () => {
        feed.leave(listener);
      },
    };
  };
  return { streams, looker };
}

describe('the stream of the overview', () => {
  it('is one for all who look, and none while nobody does', () => {
    const { streams, looker } = feeding();
    const lookers = Array.from({ length: 10 }, looker);
    for (const { look } of lookers) look();
    expect(streams).toHaveLength(1);
    streams[0]!.tell('point', { at: 'now' });
    for (const { heard } of lookers) expect(heard).toEqual([{ kind: 'point', point: { at: 'now' } }]);
    const [last, ...others] = lookers;
    for (const { leave } of others) leave();
    expect(streams[0]!.isClosed).toBe(false);
    last!.leave();
    expect(streams[0]!.isClosed).toBe(true);
    last!.look();
    expect(streams).toHaveLength(2);
  });

  it('tells who begins to look what the others know, of every pipeline', () => {
    const { streams, looker } = feeding();
    const [one, other] = [looker(), looker()];
    one.look();
    streams[0]!.tell('open');
    for (const at of ['before', 'now'])
      for (const pipeline of ['orders', 'parcels']) streams[0]!.tell('overview', { pipeline, at });
    other.look();
    const latest = (pipeline: string) => ({ kind: 'overview', overview: { pipeline, at: 'now' } });
    expect(other.heard).toEqual([{ kind: 'open' }, latest('orders'), latest('parcels')]);
  });

  it('is asked for again where the browser has given up, and says since when it is cut', async () => {
    vi.useFakeTimers();
    onTestFinished(() => {
      vi.useRealTimers();
    });
    const { streams, looker } = feeding();
    const one = looker();
    one.look();
    streams[0]!.readyState = 2;
    streams[0]!.tell('error');
    expect(one.heard).toEqual([{ kind: 'cut', since: new Date().toISOString() }]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(streams).toHaveLength(2);
    streams[1]!.tell('open');
    expect(one.heard.at(-1)).toEqual({ kind: 'open' });
  });
});
