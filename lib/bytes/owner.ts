import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * The process that a lock or a temporary file belongs to. Its number alone does not identify it: after a restart, in
 * another container or on another machine of a shared disk it is another process's.
 */
export interface Owner {
  host: string;
  /** Short, and equal only where process numbers mean the same: one boot of one machine, one container. */
  machine: string;
  pid: number;
  /** When the process began, in the system's own ticks; '' where the system does not say. */
  start: string;
}

/** What `read` gives, trimmed; empty where it fails. */
const textOf = (read: () => string): string => {
  try {
    return read().trim();
  } catch {
    return '';
  }
};

let own: Owner | undefined;

/** This process. */
export function thisProcess(): Owner {
  if (!own) {
    const boot = textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'));
    const processes = textOf(() => readlinkSync('/proc/self/ns/pid'));
    const machine = createHash('sha256').update(`${hostname()}\n${boot}\n${processes}`).digest('hex').slice(0, 8);
    own = { host: hostname(), machine, pid: process.pid, start: startOf(process.pid).start };
  }
  return own;
}

/** Whether a process is certainly gone; null where that cannot be told from here. */
export function isGone({ machine, pid, start }: Pick<Owner, 'machine' | 'pid' | 'start'>): boolean | null {
  if (machine !== thisProcess().machine) return null;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return true;
  }
  const found = startOf(pid);
  if (found.ended) return true;
  // Another start: the number has been given to another process since.
  return start !== '' && found.start !== '' && found.start !== start;
}

/**
 * From /proc, which only Linux has. Fields are counted behind the name, which may hold anything: the start is the 22nd
 * of all.
 */
function startOf(pid: number): { start: string; ended: boolean } {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie: it has ended, and is listed until its parent asks for its exit status.
  return { start: fields[19] ?? '', ended: fields[0] === 'Z' || fields[0] === 'X' };
}
