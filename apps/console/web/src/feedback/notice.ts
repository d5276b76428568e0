import { notifications } from '@mantine/notifications';
import { Problem } from '../api/problem.ts';

/** Says that something was done. */
export const tellDone = (message: string): void => {
  notifications.show({ message, color: 'teal', autoClose: 6_000 });
};

/** Says that something was refused or failed, until it is closed. */
export const tellProblem = (error: Error): void => {
  const title = error instanceof Problem ? error.title : 'That failed';
  notifications.show({ title, message: error.message, color: 'red', autoClose: false });
};
