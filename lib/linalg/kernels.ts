import { createSession, type GraphSession, type SessionOptions } from '../runtime/index.js';

const sessions = new Map<string, Promise<GraphSession>>();

let isAlone = false;

/** From here on every product of this thread runs on it alone. For a thread that is one of several that share the cores. */
export function onOneThread(): void {
  isAlone = true;
}

/**
 * A session of a graph, compiled when it is first needed and kept for the life of the process: such graphs take any
 * shapes, and a product has no owner that could release them. All sessions of products are cached here.
 * @param key unique to this graph and its options; begins with the name of what it computes
 */
export function kernel(key: string, build: () => Uint8Array, options?: SessionOptions): Promise<GraphSession> {
  let found = sessions.get(key);
  if (!found) {
    found = createSession(build(), isAlone ? { ...options, intraOpNumThreads: 1 } : options);
    sessions.set(key, found);
  }
  return found;
}
