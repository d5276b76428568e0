import { ordersPipeline } from '@esteira/orders/domain';
import { openOrders, type OpenOptions } from './orders/open.ts';
import type { OpenedPipeline } from './pipeline.ts';

/** How each pipeline is opened, by its name. */
const OPEN: Readonly<Record<string, (options: OpenOptions) => OpenedPipeline>> = {
  [ordersPipeline.name]: openOrders,
};

/** Those that the settings say run, in their order: the first is shown first. */
export const openPipelines = (options: OpenOptions): readonly OpenedPipeline[] =>
  options.settings.pipelines.flatMap((name) => OPEN[name]?.(options) ?? []);
