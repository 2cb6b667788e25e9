import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { failed, notRun, type Check, type Point } from '../check.js';
import { command } from '../command.js';
import { hasModules, outFolder, project, type Settings } from '../settings.js';

const train = 'cifar100:train[0:28000]';
const test = 'cifar100:test[0:4000]';
const shards = 7;
const bin = join(project, 'dist', 'cli', 'main.js');

export const point: Point = {
  id: 25,
  title: 'shards: one process, seven shards, and a Ray cluster that loses a node',
  needs: ['models', 'data'],
  async run(settings) {
    const folder = await outFolder('shards');
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const model = join(settings.models!, 'resnet20_cifar100.onnx');
    const images = ['--model', model, '--data-dir', settings.data!, '--threads', '1', '--quiet'];
    const at = (name: string): string => join(folder, name);
    const call = async (...args: string[]): Promise<string | null> => {
      const { code, lastWords } = await command(process.execPath, [bin, ...args], { show: false });
      return code === 0 ? null : `${args[0]}: exit ${code}: ${lastWords}`;
    };
    const one = await call('accumulate', ...images, '--dataset', train, '--out', at('one.stats'));
    if (one) return [failed('one process', one)];
    const parts = Array.from({ length: shards }, (_, k) => at(`part${k + 1}.stats`));
    for (const [k, part] of parts.entries()) {
      const shard = `${k + 1}/${shards}`;
      const problem = await call('accumulate', ...images, '--dataset', train, '--shard', shard, '--out', part);
      if (problem) return [failed(`shard ${shard}`, problem)];
    }
    const merged = await call('merge', ...parts.toReversed(), '--out', at('all.stats'), '--quiet');
    if (merged) return [failed('merge', merged)];
    const same = await isSame(at('one.stats'), at('all.stats'));
    return [
      {
        subject: `${shards} shards, merged from the last to the first`,
        bar: 'the bytes of one process',
        figure: same ? 'the same' : 'others',
        held: same,
      },
      ...(await onRay(model, at('ray'), at('one.stats'), settings)),
    ];
  },
};

const isSame = async (a: string, b: string): Promise<boolean> => (await readFile(a)).equals(await readFile(b));

/** A Python with Ray: the one of the settings, else one in a virtual environment of our own; null where it cannot be had. */
async function pythonWithRay({ python, exported }: Settings): Promise<string | null> {
  if (python !== null && (await hasModules(python, ['ray']))) return python;
  const folder = join(exported, '..', 'ray-venv');
  const own = join(folder, 'bin', 'python');
  if (await hasModules(own, ['ray'])) return own;
  await command(python ?? 'python3', ['-m', 'venv', folder], { show: false });
  await command(own, ['-m', 'pip', 'install', '--quiet', 'ray'], { show: false });
  return (await hasModules(own, ['ray'])) ? own : null;
}

async function onRay(model: string, out: string, one: string, settings: Settings): Promise<Check[]> {
  const subject = 'Ray, two local nodes, one lost half-way';
  const bar = 'the bytes of one process, and its agreement';
  const python = await pythonWithRay(settings);
  if (python === null) return [notRun(subject, bar, 'no Ray, and it cannot be installed')];
  const { code, stdout, lastWords } = await command(
    python,
    [
      ...[join(project, '__tests__/verify/ray_cluster.py'), join(project, 'examples/distributed/ray_driver.py'), out],
      ...[model, train, test, '--shards', `${shards}`, '--cli', `"${process.execPath}" "${bin}"`],
      ...['--options', `--data-dir "${settings.data!}"`],
    ],
    { show: false },
  );
  if (code !== 0) return [failed(subject, `exit ${code}: ${lastWords}`)];
  const same = await isSame(one, join(out, 'all.stats'));
  const lost = /a node was lost/.test(stdout) && /nodes at the end: 1/.test(stdout);
  const agreement = /agreement\s+(\S+ %)/.exec(stdout)?.[1] ?? 'none';
  return [
    {
      subject,
      bar,
      figure: `${same ? 'the same bytes' : 'other bytes'}, agreement ${agreement}, ${lost ? 'a node was lost' : 'no node was lost'}`,
      held: same && lost && agreement === '100.00 %',
    },
  ];
}
