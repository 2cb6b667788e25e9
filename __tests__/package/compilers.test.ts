import path from 'node:path';
import ts from 'typescript';
import { typeErrors } from '../docs/types.js';

/** What callers write whose compilers ask for more than ours does. */
const strict = `
import { datasetOf, extractFeatures, fitLinearMap, loadModel, makeTransform, openDataset, redrawChart, runExperiment, type Chart } from 'featreconstruct';
import { auditModel, recoverFeatures } from 'featreconstruct/leaks';

export async function all(chart: Chart, signal: AbortSignal | undefined, n: number | undefined): Promise<void> {
  const model = await loadModel('a.onnx', { imageSize: n, intraOpNumThreads: n });
  const images = await openDataset('synthetic:test', { dataDir: undefined, fetch: { consent: undefined, signal } });
  await extractFeatures(model, images, { signal, batchSize: n, transform: undefined, onProgress: undefined });
  await extractFeatures(model, datasetOf([{ name: 'a', bytes: new Uint8Array(1), label: n }]), { signal });
  await fitLinearMap([[1]], [[1]], { signal, alpha: n, prior: undefined, executionProviders: undefined });
  await fitLinearMap([[1]], [[1]], { alpha: 'cv', folds: n, shuffle: n, alphas: undefined });
  await runExperiment(
    { experiment: 1, source: 'a.onnx', train: 'a', test: 'b' },
    { stores: null, signal, transform: undefined, samples: n, topk: undefined },
  );
  await auditModel('a.onnx', 'folder:photos', { stores: undefined, vary: n, signal });
  await recoverFeatures([[1]], { seconds: n, finish: signal });
  await redrawChart(chart, { width: n, title: undefined });
  makeTransform({ name: 'timm', mean: undefined, std: n }, [2, 2]);
}
`;

test('options may be undefined where exactOptionalPropertyTypes tells them from options that are not there', () => {
  const options = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true };
  expect(typeErrors(new Map([['strict', strict]]), options)).toEqual([]);
});

test('no declaration of the package has a type argument for a typed array, which compilers before 5.7 do not read', () => {
  const dist = path.resolve(import.meta.dirname, '../../dist');
  const entries = ['index', 'leaks', 'statistics'].map((name) => path.join(dist, `${name}.d.ts`));
  const program = ts.createProgram(entries, { module: ts.ModuleKind.NodeNext, skipLibCheck: true, types: [] });
  const reached = program.getSourceFiles().filter(({ fileName }) => path.normalize(fileName).startsWith(dist));
  expect(reached.length).toBeGreaterThan(entries.length);
  const generic = reached.filter(({ text }) => /\b(?:Big)?(?:Uint|Int|Float)\d+Array<Array/.test(text));
  expect(generic.map(({ fileName }) => path.basename(fileName))).toEqual([]);
});
