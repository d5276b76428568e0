import { Text } from '@mantine/core';
import { diffLines } from 'diff';
import classes from './body.module.css';

/** Two texts, line by line: what went is marked with `-`, what came with `+`. */
export function BodyDiff({ before, after }: { readonly before: string; readonly after: string }) {
  if (before === after) {
    return (
      <Text size="sm" c="dimmed">
        Nothing is changed.
      </Text>
    );
  }
  return (
    <pre className={classes.diff} tabIndex={0} aria-label="What is changed">
      {diffLines(before, after).map(({ value, added, removed }, index) => {
        const lines = (sign: string) => value.replace(/^(?=.|\n)/gm, sign);
        if (added) return <ins key={index}>{lines('+ ')}</ins>;
        if (removed) return <del key={index}>{lines('- ')}</del>;
        return <span key={index}>{lines('  ')}</span>;
      })}
    </pre>
  );
}
