/**
 * Shows in full what the library has to show, on real models and images, and prints it as a table: point, bar, figure,
 * held or not. What cannot run here is named as not run. Exits with 1 where a bar does not hold. docs/verify.md says
 * what it needs.
 *
 *     npm run verify -- [--only 1,3] [--json FILE]
 */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { renderTable } from '../../lib/report/index.js';
import { notRun, type Check, type Point } from './check.js';
import { points } from './points/index.js';
import { missing, readSettings, type Settings } from './settings.js';

interface NumberedCheck extends Check {
  point: number;
}

async function runPoint(point: Point, settings: Settings): Promise<Check[]> {
  const why = missing(point.needs, settings);
  if (why) return [notRun(point.title, 'all', why)];
  try {
    return await point.run(settings);
  } catch (error) {
    // One broken point does not hide what the others show.
    process.stderr.write(`${(error as Error).stack}\n`);
    return [{ subject: point.title, bar: 'it runs', figure: (error as Error).message, held: false }];
  }
}

/** The table, each subject said once. */
function render(checks: readonly NumberedCheck[]): string {
  const isNew = (check: NumberedCheck): boolean => checks[checks.indexOf(check) - 1]?.subject !== check.subject;
  return renderTable<NumberedCheck>(
    [
      { heading: 'point', align: 'right', cell: (check) => (isNew(check) ? String(check.point) : '') },
      { heading: 'what', cell: (check) => (isNew(check) ? check.subject : '') },
      { heading: 'bar', cell: ({ bar }) => bar },
      { heading: 'figure', cell: ({ figure }) => figure },
      { heading: 'held', cell: ({ held }) => (held === null ? 'not run' : held ? 'yes' : 'NO') },
    ],
    checks,
  );
}

const { values: flags } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'string' } } });
const only = flags.only?.split(',').map(Number);
const unknown = only?.find((id) => !points.some((point) => point.id === id));
if (unknown !== undefined) {
  process.stderr.write(
    `Expected --only with numbers of points (${points.map(({ id }) => id).join(', ')}), found ${flags.only}.\n`,
  );
  process.exit(2);
}

const settings = await readSettings(process.env);
const checks: NumberedCheck[] = [];
for (const point of points.filter(({ id }) => only?.includes(id) ?? true)) {
  process.stderr.write(`\n== ${point.id}: ${point.title}\n`);
  checks.push(...(await runPoint(point, settings)).map((check) => ({ point: point.id, ...check })));
}

const count = (held: boolean | null): number => checks.filter((check) => check.held === held).length;
console.log(`\n${render(checks)}\n`);
console.log(`${count(true)} bars held, ${count(false)} not held, ${count(null)} not run`);
if (flags.json) {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version };
  await writeFile(flags.json, `${JSON.stringify({ date: new Date().toISOString(), machine, checks }, null, 2)}\n`);
}
process.exitCode = count(false) > 0 ? 1 : 0;
