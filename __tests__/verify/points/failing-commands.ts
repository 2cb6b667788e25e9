import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failingCommands, wrongIn, writeFixtures, type Failing } from '../../cli/failing.js';
import type { Check, Point } from '../check.js';

const times = 10;

/** Each of the failing commands ten times, every run in a folder of its own. */
async function run(): Promise<Check[]> {
  const folder = await mkdtemp(join(tmpdir(), 'featreconstruct-failing-'));
  try {
    await writeFixtures(folder);
    const checks: Check[] = [];
    for (const failing of failingCommands(folder)) checks.push(await repeat(failing, folder));
    return checks;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function repeat(failing: Failing, folder: string): Promise<Check> {
  const problems: string[] = [];
  for (let i = 0; i < times; i++) {
    const out = join(folder, 'out', String(i));
    await mkdir(out, { recursive: true });
    const problem = await failing.start(out).then(
      (ended) => wrongIn(failing, ended, out),
      (error: Error) => error.message,
    );
    if (problem !== null) problems.push(problem);
    await rm(out, { recursive: true, force: true });
  }
  const { name, code } = failing;
  return {
    subject: name,
    bar: `ends with ${code} and a sentence, ${times} times; nothing half-written`,
    figure: `${times - problems.length} of ${times}${problems.length > 0 ? `; ${problems[0]}` : ''}`,
    held: problems.length === 0,
  };
}

export const point: Point = { id: 22, title: 'failing commands never end as if they had succeeded', needs: [], run };
