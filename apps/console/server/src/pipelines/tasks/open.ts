import { retryPolicy } from '@esteira/handlers';
import { settingsForTasks } from '@esteira/settings';
import { taskBooks } from '@esteira/tasks/books';
import { redrivableTasks } from '@esteira/tasks/consumer';
import { openDatabase } from '../../connections.ts';
import { forPeople } from '../../for-people.ts';
import { openPipeline, type Registration } from '../open.ts';

/** Tasks in the console: what all pipelines share. Their dead letters are in their own store, whose tables workers make. */
export const tasks: Registration = {
  migrations: [],
  open: (options) => {
    const { settings, logger } = options;
    const store = openDatabase(settings.TASKS_DATABASE_URL, 6, logger);
    const signs = openDatabase(settings.TASKS_DATABASE_URL, 1, logger);
    const storeForPeople = forPeople(store, signs);
    const opened = openPipeline(options, {
      redrivable: redrivableTasks,
      title: 'Tasks',
      words: { message: 'task', origin: 'Schedule', key: 'Slot' },
      policy: retryPolicy(settingsForTasks(settings), true),
      books: taskBooks(store, storeForPeople),
      store: { endput: store, endputForPeople: storeForPeople },
    });
    return {
      ...opened,
      close: async () => {
        await Promise.all([store.close(), signs.close()]);
      },
    };
  },
};
