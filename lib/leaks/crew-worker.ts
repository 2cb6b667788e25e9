import { parentPort } from 'node:worker_threads';
import { onOneThread, type Matrix } from '../linalg/index.js';
import { runLane, searchedRows, type LaneResult, type LaneTask, type SearchedRows } from './lane.js';
import { copiesAre } from './near-copies.js';

/** A thread of `Crew`: rows in, then tasks in, one at a time, and what came of each out. */

export type Order =
  | { kind: 'rows'; rows: Matrix; noise: Float64Array; copies: Int32Array }
  | {
      kind: 'lane';
      task: LaneTask;
      /** One number, shared: 1 once the lane is to end. */
      over: Int32Array;
    };

export type Answer = { result: LaneResult } | { error: string };

// Threads beside one another share the cores: a product on several of them would wait for all.
onOneThread();

let searched: SearchedRows | undefined;
parentPort!.on('message', (order: Order) => {
  if (order.kind === 'lane') return void lane(order);
  copiesAre(order.rows, order.copies);
  searched = searchedRows(order.rows, order.noise);
});

async function lane({ task, over }: Extract<Order, { kind: 'lane' }>): Promise<void> {
  const ending = {
    get aborted() {
      return Atomics.load(over, 0) === 1;
    },
  };
  try {
    const result = await runLane(searched!, task, { over: ending });
    parentPort!.postMessage({ result } satisfies Answer);
  } catch (error) {
    parentPort!.postMessage({ error: String(error) } satisfies Answer);
  }
}
