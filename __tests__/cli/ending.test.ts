import path from 'node:path';
import { bin, runCli, start, startCli, temporaryFolder, until, writeClassifier } from './support.js';

/** How the command line ends when something goes wrong that no command foresees. */

const folder = temporaryFolder();
const model = path.join(folder, 'model.onnx');
beforeAll(async () => {
  await writeClassifier(model, { d: 12, c: 8 });
});

/** Runs a script in the command line's process, before it. */
const before = (script: string): string[] => ['--import', `data:text/javascript,${encodeURIComponent(script)}`];

/** Makes a look at a file do something else; the command line has begun by then. */
const insteadOfStat = (what: string): string[] =>
  before(
    `import fs from 'node:fs/promises'; import { syncBuiltinESMExports } from 'node:module';
     const { stat } = fs; fs.stat = (...args) => ${what}; syncBuiltinESMExports();`,
  );

const defect = /^error: .*\n.*defect of featreconstruct/;

test('an event loop that runs dry is no success', async () => {
  const { code, stdout, stderr } = await runCli(['inspect', model], {
    nodeArgs: insteadOfStat('new Promise(() => {})'),
  });
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(defect);
  expect(stderr).toMatch(/stopped before it had a result/);
});

test.each([
  ['a rejection that nobody waits for', 'Promise.reject(new Error("late"))'],
  ['an error thrown in a callback', '(() => { throw new Error("late"); })()'],
])('%s fails the command, even after its result', async (_, what) => {
  for (const delay of [0, 3000]) {
    const nodeArgs = insteadOfStat(`(setTimeout(() => ${what}, ${delay}), stat(...args))`);
    const { code, stderr } = await runCli(['inspect', model], { nodeArgs });
    expect(code).toBe(1);
    expect(stderr).toMatch(/Error: late\n[^]*This is a defect of featreconstruct/);
  }
});

test('what the system refuses late is said without a stack', async () => {
  const error = `Object.assign(new Error('EIO: i/o error, read'), { syscall: 'read' })`;
  const nodeArgs = insteadOfStat(`(setTimeout(() => Promise.reject(${error}), 0), stat(...args))`);
  const { code, stderr } = await runCli(['inspect', model], { nodeArgs });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'error: The system refused a file or a device: EIO: i/o error, read.\n',
  });
});

(process.platform === 'win32' ? test.skip : test)(
  'a reader that leaves early is no failure, and no success of a failure',
  async () => {
    const piped = (args: string[]) =>
      start('bash', ['-c', '"$0" "$@" | true; exit "${PIPESTATUS[0]}"', process.execPath, bin, ...args]).finished;
    expect(await piped(['inspect', model])).toMatchObject({ code: 0, stderr: '' });
    expect(await piped(['inspect', model, '--json'])).toMatchObject({ code: 0, stderr: '' });
    expect(await piped(['--help'])).toMatchObject({ code: 0, stderr: '' });
    expect((await piped(['inspect', path.join(folder, 'nosuch.onnx')])).code).toBe(1);
  },
);

describe('signals', () => {
  const never = insteadOfStat("(console.error('looks'), new Promise((resolve) => setTimeout(resolve, 60_000)))");
  const hears = async (send: (kill: (signal: NodeJS.Signals) => void, said: () => string) => Promise<void>) => {
    const { child, finished } = startCli(['inspect', model], { nodeArgs: never });
    let stderr = '';
    child.stderr!.on('data', (text: string) => (stderr += text));
    // The command has begun, and listens to signals, when it first looks at a file.
    await until(async () => stderr.includes('looks'), 'the command');
    stderr = '';
    const begun = Date.now();
    await send(
      (signal) => child.kill(signal),
      () => stderr,
    );
    const { code } = await finished;
    return { code, stderr, seconds: (Date.now() - begun) / 1000 };
  };

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('a command that does not hear %s is left within seconds, with %i', async (signal, code) => {
    const ended = await hears(async (kill) => kill(signal));
    expect(ended.code).toBe(code);
    expect(ended.stderr).toMatch(/^Stopping after this batch; .*\nStopped\.\n$/);
    expect(ended.seconds).toBeLessThan(5);
  });

  test('a second one ends it at once', async () => {
    const ended = await hears(async (kill, said) => {
      kill('SIGINT');
      await until(async () => said() !== '', 'the first word');
      kill('SIGTERM');
    });
    expect(ended).toMatchObject({
      code: 143,
      stderr: 'Stopping after this batch; press Ctrl-C again to stop at once.\n',
    });
  });
});
