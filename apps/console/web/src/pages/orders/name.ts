/** The pipeline whose own pages these are. */
export const ORDERS = 'orders';
