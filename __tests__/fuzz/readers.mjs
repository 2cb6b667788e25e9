/**
 * Every reader of files that others made, by name: how a file is read to its end, and what to begin with (fixtures). Plain
 * JavaScript, since the fuzzer loads it as it is.
 */
import { readFile } from 'node:fs/promises';
import { indexTar, openZip, readTarGz } from '../../dist/bytes/index.js';
import { openDataset } from '../../dist/datasets/index.js';
import { readPickle } from '../../dist/datasets/pickle.js';
import { openStore } from '../../dist/extract/index.js';
import { loadHead, loadLinearMap, loadStatistics } from '../../dist/fit/index.js';
import { decodeImage } from '../../dist/images/index.js';
import { openRows } from '../../dist/logs/index.js';
import { parseResults } from '../../dist/results/index.js';
import { describeModel } from '../../dist/runtime/index.js';
import { openNpy, openNpz, openSafetensors } from '../../dist/tensor/index.js';

/** Rows to their end, a block at a time. */
async function rowsOf(path) {
  const opened = await openRows(path);
  try {
    const { rows } = opened.rows;
    for (let start = 0; start < Math.min(rows, 4096); start += 512) {
      await opened.rows.read(start, Math.min(rows, start + 512));
    }
  } finally {
    await opened.close();
  }
}

/** The first images of a data set. */
async function images(spec) {
  const dataset = await openDataset(spec);
  try {
    const samples = dataset.samples()[Symbol.asyncIterator]();
    for (let seen = 0; seen < 3 && !(await samples.next()).done; seen++);
    await samples.return?.();
  } finally {
    await dataset.close();
  }
}

const image = async (path) => decodeImage({ file: await readFile(path), name: 'x' });
const closed = async (opened) => void (await (await opened).close?.());

/** `ending`: of the file's name, where it matters. `seeds`: files below __tests__/fixtures that it reads, or refuses. */
export const readers = {
  png: { ending: '.png', read: image, seeds: ['images/decoded/*.png'] },
  jpeg: { ending: '.jpg', read: image, seeds: ['images/decoded/*.jpg'] },
  gif: { ending: '.gif', read: image, seeds: ['images/decoded/*.gif'] },
  bmp: { ending: '.bmp', read: image, seeds: ['images/decoded/*.bmp'] },
  tiff: { ending: '.tiff', read: image, seeds: ['images/decoded/*.tiff'] },
  npy: { ending: '.npy', read: (path) => closed(openNpy(path)), seeds: ['tensor/*.npy'] },
  npz: { ending: '.npz', read: (path) => closed(openNpz(path)), seeds: ['tensor/*.npz'] },
  safetensors: {
    ending: '.safetensors',
    read: (path) => closed(openSafetensors(path)),
    seeds: ['tensor/*.safetensors', 'cli/*.safetensors'],
  },
  store: { ending: '.safetensors', read: (path) => closed(openStore(path)), seeds: ['../fuzz/seeds/*.store'] },
  map: {
    ending: '.safetensors',
    read: (path) => loadLinearMap(path),
    seeds: ['../fuzz/seeds/*.map', 'cli/prior.safetensors'],
  },
  statistics: { ending: '.stats', read: (path) => loadStatistics(path), seeds: ['../fuzz/seeds/*.stats'] },
  head: { ending: '.safetensors', read: (path) => loadHead(path, {}), seeds: ['cli/head.safetensors'] },
  model: { ending: '.onnx', read: (path) => describeModel(path), seeds: ['onnx/*.onnx'] },
  csv: { ending: '.csv', read: rowsOf, seeds: ['../fuzz/seeds/*.csv'] },
  jsonl: { ending: '.jsonl', read: rowsOf, seeds: ['../fuzz/seeds/*.jsonl'] },
  json: { ending: '.json', read: rowsOf, seeds: ['../fuzz/seeds/*.json'] },
  text: { ending: '.txt', read: rowsOf, seeds: ['../fuzz/seeds/*.txt'] },
  'parquet log': { ending: '.parquet', read: rowsOf, seeds: ['logs/*.parquet'] },
  'parquet images': {
    ending: '.parquet',
    read: (path) => images(`parquet:${path}`),
    seeds: ['parquet-images/*.parquet'],
  },
  list: { ending: '.csv', read: (path) => images(`list:${path}`), seeds: ['../fuzz/seeds/*.list'] },
  zip: { ending: '.zip', read: (path) => closed(openZip(path)), seeds: ['tensor/*.npz'] },
  'zip of images': { ending: '.zip', read: (path) => images(`folder:${path}`), seeds: ['tensor/*.npz'] },
  tar: { ending: '.tar', read: (path) => indexTar(path), seeds: ['datasets/tars/*.tar'] },
  'tar.gz': { ending: '.tar.gz', read: (path) => readTarGz(path, ['a']), seeds: ['datasets/tars/*.tar.gz'] },
  pickle: {
    ending: '.pkl',
    read: async (path) => readPickle(await readFile(path), 'x'),
    seeds: ['datasets/pickles/*'],
  },
  results: {
    ending: '.json',
    read: async (path) => parseResults(await readFile(path, 'utf8')),
    seeds: ['report/*.json'],
  },
};
