import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { externalTensors, renameExternalData } from '../../lib/onnx/index.js';
import {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  SparseTensorProto,
  StringStringEntryProto,
  TensorProto,
} from '../../lib/onnx/fields.js';
import { Writer } from '../../lib/onnx/protobuf.js';
import { describeModel, loadModel } from '../../lib/runtime/index.js';
import { temporaryFolder, writeClassifier } from '../cli/support.js';
import { coded } from '../support/coded.js';

const folder = temporaryFolder();
let plain: Uint8Array;
beforeAll(async () => {
  plain = new Uint8Array(await readFile(await writeClassifier(path.join(folder, 'plain.onnx'), { d: 6, c: 9 })));
  await mkdir(path.join(folder, 'model'));
  await writeFile(path.join(folder, 'secret'), Buffer.alloc(400));
  await writeFile(path.join(folder, 'model', 'data'), Buffer.alloc(40));
});

const entry = (key: string, value: string): Writer =>
  new Writer().bytes(StringStringEntryProto.key, key).bytes(StringStringEntryProto.value, value);

/** float32 (n), in another file. */
function tensor(entries: Record<string, string>, n = 10, name = 'outside'): Writer {
  const out = new Writer().int(TensorProto.dims, n).int(TensorProto.dataType, 1).bytes(TensorProto.name, name);
  for (const [key, value] of Object.entries(entries)) out.bytes(TensorProto.externalData, entry(key, value));
  return out.int(TensorProto.dataLocation, 1);
}

const attribute = (number: number, value: Writer): Writer =>
  new Writer().bytes(AttributeProto.name, 'value').bytes(number, value);
const node = (...attributes: Writer[]): Writer => {
  const out = new Writer().bytes(NodeProto.output, 'unused').bytes(NodeProto.opType, 'Constant');
  for (const each of attributes) out.bytes(NodeProto.attribute, each);
  return out;
};
const inGraph = (graph: Writer): Writer => new Writer().bytes(ModelProto.graph, graph);
const sparse = (values: Writer): Writer => new Writer().bytes(SparseTensorProto.values, values);

/** Where a model may hold a tensor, as bytes to be appended to one: a protobuf merges them into it. */
const places: Record<string, (each: Writer) => Writer> = {
  'an initializer': (each) => inGraph(new Writer().bytes(GraphProto.initializer, each)),
  'a sparse initializer': (each) => inGraph(new Writer().bytes(GraphProto.sparseInitializer, sparse(each))),
  'a constant': (each) => inGraph(new Writer().bytes(GraphProto.node, node(attribute(AttributeProto.t, each)))),
  'a list of constants': (each) =>
    inGraph(new Writer().bytes(GraphProto.node, node(attribute(AttributeProto.tensors, each)))),
  'a sparse constant': (each) =>
    inGraph(new Writer().bytes(GraphProto.node, node(attribute(AttributeProto.sparseTensor, sparse(each))))),
  'the body of a loop': (each) =>
    inGraph(
      new Writer().bytes(
        GraphProto.node,
        node(attribute(AttributeProto.g, new Writer().bytes(GraphProto.initializer, each))),
      ),
    ),
  'a body in a body': (each) => {
    const inner = node(attribute(AttributeProto.g, new Writer().bytes(GraphProto.initializer, each)));
    const outer = node(attribute(AttributeProto.graphs, new Writer().bytes(GraphProto.node, inner)));
    return inGraph(new Writer().bytes(GraphProto.node, outer));
  },
  'a function': (each) =>
    new Writer().bytes(
      ModelProto.functions,
      new Writer().bytes(FunctionProto.name, 'own').bytes(FunctionProto.node, node(attribute(AttributeProto.t, each))),
    ),
};

async function withTensor(place: string, each: Writer): Promise<string> {
  const file = path.join(folder, 'model', 'model.onnx');
  await writeFile(file, Buffer.concat([plain, places[place](each).finish()]));
  return file;
}

describe.each(Object.keys(places))('a tensor of %s', (place) => {
  test('is found', () => {
    const bytes = places[place](tensor({ location: 'data', offset: '4', length: '40' })).finish();
    expect(externalTensors(bytes)).toEqual([
      { name: 'outside', byteLength: 40, external: { location: 'data', offset: 4, length: 40 } },
    ]);
  });

  test.each([
    ['another folder', { location: '../secret' }, 'bad-input', '../secret'],
    ['an absolute path', { location: path.join(folder, 'secret') }, 'bad-input', 'secret'],
    ['no file', { location: 'gone' }, 'not-found', 'gone'],
    ['the memory of a process', { location: '*/_ORT_MEM_ADDR_/*', offset: '140000000' }, 'not-found', '_ORT_MEM_ADDR_'],
    ['past its file', { location: 'data', offset: '4' }, 'damaged', '40'],
    ['before its file', { location: 'data', offset: '-4' }, 'damaged', '-4'],
    ['more than its shape', { location: 'data', length: '80' }, 'damaged', '80'],
    ['no number', { location: 'data', offset: '0x1' }, 'damaged', '0x1'],
    ['no location', { offset: '0' }, 'damaged', 'location'],
  ] as const)('must not lie in: %s', async (_, entries, code, text) => {
    const file = await withTensor(place, tensor(entries));
    await expect(describeModel(file)).rejects.toThrow(coded(code, text));
  });
});

test('a field that stands twice is read as protobuf reads it: as one', () => {
  const decoy = tensor({ location: 'data' });
  const more = new Writer().bytes(TensorProto.externalData, entry('location', '../secret'));
  const twice = new Writer()
    .bytes(AttributeProto.name, 'value')
    .bytes(AttributeProto.t, decoy)
    .bytes(AttributeProto.t, more);
  const model = inGraph(new Writer().bytes(GraphProto.node, node(twice))).finish();
  expect(externalTensors(model).map(({ external }) => external.location)).toEqual(['../secret']);
});

test('names are changed in bodies, constants and functions, too', () => {
  for (const place of Object.keys(places).filter((each) => !each.includes('sparse'))) {
    const renamed = renameExternalData(places[place](tensor({ location: 'data' })).finish(), () => 'blob');
    expect(externalTensors(renamed).map(({ external }) => external.location)).toEqual(['blob']);
  }
});

test('a link out of the folder is refused, a model without such tensors runs', async () => {
  await symlink('../secret', path.join(folder, 'model', 'linked'));
  const file = await withTensor('an initializer', tensor({ location: 'linked' }));
  await expect(describeModel(file)).rejects.toThrow(coded('bad-input', 'linked'));
  await writeFile(file, plain);
  await (await loadModel(file)).release();
});
