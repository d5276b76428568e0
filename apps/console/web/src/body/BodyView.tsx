import { Code, Tabs } from '@mantine/core';
import { lazy, Suspense } from 'react';
import { Waiting } from '../feedback/Loaded.tsx';
import { BodyDiff } from './BodyDiff.tsx';
import classes from './body.module.css';
import { bytesOf, hexDump, indented, readBody, type SentBody } from './read.ts';

const JsonTree = lazy(() => import('./JsonTree.tsx'));

interface BodyViewProps {
  readonly body: SentBody;
  /** The bytes that died first, where a person has changed them. */
  readonly original: SentBody | null;
}

/** A body as what it is: a tree, text, or bytes. Always as text on the page, never as HTML. */
export function BodyView({ body: sent, original }: BodyViewProps) {
  const bytes = bytesOf(sent);
  const body = readBody(bytes);
  return (
    <Tabs defaultValue={body.kind === 'json' ? 'tree' : body.kind === 'text' ? 'text' : 'hex'} keepMounted={false}>
      <Tabs.List mb="xs">
        {body.kind === 'json' && <Tabs.Tab value="tree">Tree</Tabs.Tab>}
        {body.kind !== 'bytes' && <Tabs.Tab value="text">Text</Tabs.Tab>}
        <Tabs.Tab value="hex">Hex</Tabs.Tab>
        {original !== null && <Tabs.Tab value="change">Change</Tabs.Tab>}
      </Tabs.List>
      {body.kind === 'json' && (
        <Tabs.Panel value="tree">
          <Suspense fallback={<Waiting />}>
            <JsonTree value={body.value} />
          </Suspense>
        </Tabs.Panel>
      )}
      {body.kind !== 'bytes' && (
        <Tabs.Panel value="text">
          <Code block className={classes.text} tabIndex={0}>
            {indented(body.text)}
          </Code>
        </Tabs.Panel>
      )}
      <Tabs.Panel value="hex">
        <Code block className={classes.hex} tabIndex={0}>
          {hexDump(bytes)}
        </Code>
      </Tabs.Panel>
      {original !== null && (
        <Tabs.Panel value="change">
          <BodyDiff before={wordsOf(original)} after={wordsOf(sent)} />
        </Tabs.Panel>
      )}
    </Tabs>
  );
}

/** What can be compared line by line. */
function wordsOf(sent: SentBody): string {
  const body = readBody(bytesOf(sent));
  return body.kind === 'bytes' ? hexDump(body.bytes) : indented(body.text);
}
