import { Kbd, TextInput } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useRef, useState } from 'react';
import { overviewQuery } from '../api/overview.ts';
import { useCurrentPipeline } from '../pipeline/current.tsx';
import { useShortcuts } from '../keyboard/shortcuts.ts';
import { findingOf } from './find.ts';

/** Finds a message from everywhere: an id opens it, anything else is searched. `/` comes here. */
export function Find() {
  const input = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const pipeline = useCurrentPipeline();
  const systems = useQuery(overviewQuery(pipeline?.name)).data?.systems.map(({ name }) => name);
  useShortcuts([['/', () => input.current?.focus()]]);

  const go = async () => {
    const finding = findingOf(typed, systems);
    if (finding === undefined || pipeline === undefined) return;
    setTyped('');
    input.current?.blur();
    if (pipeline.parts.includes('messages')) {
      if (finding.kind === 'search') await navigate({ to: '/orders/messages', search: finding.search });
      else await navigate({ to: '/orders/messages/$messageId', params: { messageId: finding.messageId } });
      return;
    }
    // Of this one, what is known message by message are its dead letters.
    const params = { pipeline: pipeline.name };
    if (finding.kind === 'message') {
      const to = '/$pipeline/dead-letters/$messageId';
      await navigate({ to, params: { ...params, messageId: finding.messageId } });
      return;
    }
    await navigate({ to: '/$pipeline/dead-letters/list', params, search: { words: typed.trim() } });
  };

  return (
    <form
      role="search"
      style={{ flex: '0 1 28rem', minWidth: 0 }}
      onSubmit={(event) => {
        event.preventDefault();
        void go();
      }}
    >
      <TextInput
        ref={input}
        size="xs"
        aria-label="Find a message by its id, its source id, or words"
        placeholder="Message id, source id or words"
        leftSection={<IconSearch size={14} />}
        rightSection={<Kbd size="xs">/</Kbd>}
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value);
        }}
      />
    </form>
  );
}
