import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openStore, toNdArray, writeNpy } from 'featreconstruct';
import { command } from './command.js';
import { outFolder, project, type Settings } from './settings.js';

/** Calls the command line as a user would, and reads what it prints as JSON; a problem where it does not end with 0. */
export async function callJson<T>(args: readonly string[]): Promise<{ value: T | null; problem: string }> {
  process.stderr.write(`$ featreconstruct ${args.join(' ')}\n`);
  const { code, stdout, lastWords } = await command(process.execPath, [
    join(project, 'dist/cli/main.js'),
    ...args,
    '--json',
  ]);
  if (code !== 0) return { value: null, problem: `exit ${code}: ${lastWords}` };
  return { value: JSON.parse(stdout) as T, problem: '' };
}

/** Images of a store: a data set as the command line takes it, and how often each image is varied. */
export interface Images {
  dataset: string;
  vary?: number;
  /** The model's own transform, where it is not the protocol's. */
  transform?: readonly string[];
}

/** Extracts a model's activations, or takes those that are there, under whatever name. */
export async function extracted(model: string, images: Images, settings: Settings): Promise<string> {
  const { dataset, vary, transform = ['--transform', 'protocol'] } = images;
  const spec = dataset === 'scenes' ? `folder:${settings.data}/scenes` : dataset;
  const extract = (store: string) =>
    callJson([
      ...['extract', '--model', join(settings.models!, `${model}.onnx`), '--dataset', spec, '--store', store],
      ...['--data-dir', settings.data!, '--allow-partial', ...transform, ...(vary ? ['--vary', String(vary)] : [])],
    ]);
  // A store of the same images may be of another transform: only the command can tell, which then refuses it.
  for (const store of await storesOf(model, vary ? `${spec} x ${vary} variations (seed 0)` : spec, settings)) {
    if ((await extract(store)).problem === '') return store;
  }
  const slug = [model, dataset, ...(vary ? [`vary${vary}`] : []), ...transform].join('-').replaceAll(/[^\w]+/g, '-');
  const store = join(settings.stores, `${slug}.safetensors`);
  const { problem } = await extract(store);
  if (problem) throw new Error(problem);
  return store;
}

/** Stores of a model over a data set, whatever they are named. */
async function storesOf(model: string, spec: string, { stores }: Settings): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(stores).catch(() => [])) {
    if (!name.startsWith(`${model}-`) || !name.endsWith('.safetensors')) continue;
    const store = await openStore(join(stores, name));
    if (store.provenance.dataset.spec === spec) found.push(join(stores, name));
    await store.close();
  }
  return found;
}

/** A file of a store's first logits alone (or those behind them), as whoever asks a service has them. */
export async function firstOutputs(path: string, rows: number, name: string, from = 0): Promise<string> {
  const store = await openStore(path);
  const file = join(await outFolder('outputs'), `${name}.npy`);
  const data = (await store.logits.read(from, rows)) as Float32Array;
  await writeNpy(file, toNdArray(data, [rows - from, store.logits.cols]));
  await store.close();
  return file;
}
