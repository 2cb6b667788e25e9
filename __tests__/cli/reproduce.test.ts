import { mkdir, readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { publishedRuns } from '../../lib/experiments/index.js';
import { openGraph, writeDrawnCheckpoint } from '../../lib/models/index.js';
import type { Results } from '../../lib/results/index.js';
import { coded } from '../support/coded.js';
import { hubEnvironment, startHub } from '../support/hub.js';
import { runCli, temporaryFolder, writeCifar } from './support.js';

const folder = temporaryFolder();

test('the published experiments are those of the protocol', () => {
  expect(publishedRuns().map(({ name }) => name)).toEqual([
    ...['1-cifar10', '1-cifar100', '2-cifar10', '2-cifar100'],
    ...['3-resnet18-cifar10', '3-resnet18-cifar100', '3-resnet50-cifar100', '4-cifar100', '5-cifar100'],
  ]);
  const [run] = publishedRuns(3, 20_000);
  expect(run.spec).toMatchObject({ train: 'cifar10:train[0:20000]', test: 'places365:val[0:20000]' });
  // More than there are is all of them.
  expect(publishedRuns(1, 20_000)[0].spec.test).toBe('cifar10:test');
  expect(() => publishedRuns(6)).toThrow(coded('usage', '6'));
});

test('what is not here is said with its size, and nothing is written', async () => {
  const hub = await startHub([{ id: 'timm/resnet18.tv_in1k', files: { 'model.safetensors': Buffer.alloc(5000) } }]);
  const env = hubEnvironment(hub.endpoint, path.join(folder, 'empty'));
  const data = await writeCifar(path.join(folder, 'cifar'));
  const out = path.join(folder, 'none');
  const { code, stderr } = await runCli(['reproduce', '1', '--data-dir', data, '--out', out], { env });
  await hub.close();
  expect([code, stderr]).toEqual([1, expect.stringMatching(/resnet18.*5\.0. kB.*--yes/s)]);
  await expect(readdir(out)).rejects.toThrow('ENOENT');
});

test.each([['6'], ['one']])("wrong usage: '%s'", async (experiment) => {
  expect((await runCli(['reproduce', experiment])).code).toBe(2);
});

test('the published model is fetched, run and fitted: the published table beside ours, and a report', async () => {
  const own = path.join(folder, 'own');
  await mkdir(own);
  const file = path.join(own, 'drawn.safetensors');
  await writeDrawnCheckpoint(await openGraph('timm.resnet18'), file);
  const hub = await startHub([{ id: 'timm/resnet18.tv_in1k', files: { 'model.safetensors': await readFile(file) } }]);
  const data = await writeCifar(path.join(folder, 'images'));
  const out = path.join(own, 'out');
  const args = ['reproduce', '1', '--first', '12', '--yes', '--data-dir', data, '--out', out];
  const env = hubEnvironment(hub.endpoint, path.join(own, 'cache'));
  const { code, stdout, stderr } = await runCli(args, { env });
  await hub.close();
  expect(code).toBe(0);
  expect(stderr).toMatch(/About .* on this machine/);
  expect(stdout).toMatch(/resnet18 → resnet18 +cifar10:train\[0:12\] +cifar10:test\[0:12\] +99\.18 %/);
  expect(stdout.trimEnd().endsWith(path.join(out, 'report.html'))).toBe(true);
  for (const name of ['1-cifar10', '1-cifar100']) {
    const results = JSON.parse(await readFile(path.join(out, name, 'results.json'), 'utf8')) as Results;
    const rows = results.rows.filter((row) => row.sgd === null && row.prior === 'head');
    expect(rows.map(({ agreement }) => agreement)).toEqual([1]);
    expect(results.environment.models[0]).toMatchObject({ name: 'resnet18', transform: { name: 'protocol' } });
  }
});
