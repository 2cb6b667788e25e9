import { Ajv } from 'ajv';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { all, made } from '../leaks/data.js';
import { runCli, temporaryFolder } from './support.js';

/** `--skip-bad-lines` of the commands that read logs of outputs alone. */

const folder = temporaryFolder();
const log = path.join(folder, 'log.csv');

beforeAll(async () => {
  const [rows, classes] = [80, 12];
  const flat = await all(made('silu', rows, 6, classes).logits);
  const lines = Array.from({ length: rows }, (_, i) =>
    Array.from(flat.subarray(i * classes, (i + 1) * classes)).join(),
  );
  lines[20] = lines[20].replace(/^[^,]*/, 'NaN');
  lines[30] = lines[30].split(',').slice(0, 5).join();
  lines[40] = Array.from({ length: classes }, (_, j) => (j % 5) + 0.5).join();
  await writeFile(log, [Array.from({ length: classes }, (_, j) => `c${j}`).join(), ...lines].join('\n'));
});

const out = (name: string): string => path.join(folder, name);

test.each<[string, string[]]>([
  ['fingerprint', []],
  ['recover', ['--out', out('f.safetensors'), '--minutes', '0.02']],
  ['audit', ['--out', out('refused'), '--minutes', '0.02']],
])('%s names the bad lines and the option, and with it leaves them out', async (command, args) => {
  const refused = await runCli([command, log, ...args, '--quiet']);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/line 32.*--skip-bad-lines/s) });
  const done = await runCli([command, log, ...args, '--quiet', '--skip-bad-lines']);
  expect(done.stdout + done.stderr).toMatch(/Left out 2 bad lines\s+\(22, 32/);
});

test('the results of an audit have the places of rows, as the schema says, and count the bad lines', async () => {
  await runCli(['audit', log, '--out', out('audit'), '--minutes', '0.02', '--quiet', '--skip-bad-lines']);
  const results = JSON.parse(await readFile(path.join(out('audit'), 'results.json'), 'utf8')) as {
    leaks: { fingerprint: { carried: unknown } };
    environment: { datasets: unknown[] };
  };
  const schema = JSON.parse(await readFile('assets/results.schema.json', 'utf8')) as object;
  expect(new Ajv({ strict: false }).validate(schema, results)).toBe(true);
  expect(results.leaks.fingerprint.carried).toMatchObject({ places: [{ unit: 'line', number: 42 }] });
  expect(results.environment.datasets[0]).toMatchObject({ skipped: 2 });
});

test('it is for logs alone', async () => {
  const { code, stderr } = await runCli(['audit', 'model.onnx', 'photos', '--skip-bad-lines']);
  expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('--skip-bad-lines') });
});
