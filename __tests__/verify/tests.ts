import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { notRun, type Check } from './check.js';
import { command } from './command.js';
import { project } from './settings.js';

/** What of jest's summary is read. */
interface Summary {
  testResults: {
    name: string;
    message: string;
    assertionResults: { status: 'passed' | 'failed' | 'pending' | 'todo' | 'skipped'; fullName: string }[];
  }[];
}

/** Runs the tests of some folders or files: a check for each file, and one more for what of it was skipped. */
export async function checkTests(paths: readonly string[]): Promise<Check[]> {
  const folder = await mkdtemp(join(tmpdir(), 'featreconstruct-'));
  try {
    const summary = join(folder, 'summary.json');
    const jest = ['--experimental-vm-modules', join(project, 'node_modules/jest/bin/jest.js')];
    const args = [...jest, ...paths, '--json', `--outputFile=${summary}`];
    const { code, lastWords } = await command(process.execPath, args, { cwd: project });
    const text = await readFile(summary, 'utf8').catch(() => null);
    const { testResults } = text ? (JSON.parse(text) as Summary) : { testResults: [] };
    if (testResults.length > 0) return testResults.flatMap(checksOf);
    return [{ subject: paths.join(', '), bar: 'tests run', figure: `exit ${code}: ${lastWords}`, held: false }];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function checksOf({ name, message, assertionResults }: Summary['testResults'][number]): Check[] {
  const subject = relative(project, name);
  const those = (status: string) => assertionResults.filter((each) => each.status === status);
  const passed = those('passed').length;
  const failed = those('failed');
  const skipped = assertionResults.length - passed - failed.length;
  const checks: Check[] = [];
  // A file that does not even load has a message and no results.
  if (passed + failed.length > 0 || assertionResults.length === 0) {
    const first = failed[0]?.fullName ?? (assertionResults.length === 0 ? message.trim().split('\n')[0] : '');
    checks.push({
      subject,
      bar: 'all tests pass',
      figure: `${passed} of ${passed + failed.length}${first ? `; first failure: ${first}` : ''}`,
      held: passed > 0 && failed.length === 0,
    });
  }
  if (skipped > 0) checks.push(notRun(subject, 'all tests pass', `${skipped} skipped by name`));
  return checks;
}
