import { createSession, type GraphSession, type SessionOptions } from '../runtime/index.js';

const sessions = new Map<string, Promise<GraphSession>>();

/**
 * A graph that is compiled when it is first wanted and kept for the life of the process: shapes of such graphs are open, and who
 * multiplies has no end at which to release it. The only cache of its kind.
 * @param key what tells this graph from all others of the program; begins with the name of what it does
 */
export function kernel(key: string, build: () => Uint8Array, options?: SessionOptions): Promise<GraphSession> {
  let found = sessions.get(key);
  if (!found) {
    found = createSession(build(), options);
    sessions.set(key, found);
  }
  return found;
}
