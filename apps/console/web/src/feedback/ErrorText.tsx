import { Code } from '@mantine/core';

/** An error: its code, and what it says. */
export const ErrorText = ({ error: { code, message } }: { readonly error: { code: string; message: string } }) => (
  <>
    <Code>{code}</Code> {message}
  </>
);
