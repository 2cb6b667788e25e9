import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { openRows } from '../../lib/logs/index.js';
import { loadHead, loadLinearMap } from '../../lib/fit/index.js';
import { readNpy, toNdArray, writeNpy, writeSafetensors } from '../../lib/tensor/index.js';
import { coded, naming } from '../support/coded.js';
import { runCli, start, temporaryFolder } from './support.js';

/** Arrays as other programs write them, under their own and under other names. */

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const python = process.env.FEATRECONSTRUCT_PYTHON ?? 'python3';

beforeAll(async () => {
  await writeNpy(at('x.npy'), toNdArray(Float32Array.from([1, 2, 3, 4, 5, 7]), [3, 2]));
  // As torch.save lays out an archive, and as it wrote before; numpy.savez writes an archive of .npy files.
  const { code, stderr } = await start(
    python,
    [
      '-c',
      `
import io, json, pickle, struct, zipfile
with zipfile.ZipFile("x.pt", "w") as archive:
    archive.writestr("archive/data.pkl", pickle.dumps({"logits": 1}, protocol=2))
    archive.writestr("archive/byteorder", "little")
    archive.writestr("archive/data/0", bytes(64))
with open("legacy.pth", "wb") as file:
    for part in (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}):
        pickle.dump(part, file, protocol=2)
with open("x.pkl", "wb") as file:
    pickle.dump([[1.0, 2.0]], file)
def npy(shape, *values):
    head = "{'descr': '<f8', 'fortran_order': False, 'shape': %s, }" % (shape,)
    head = head.ljust(117) + "\\n"
    return b"\\x93NUMPY\\x01\\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack("<%dd" % len(values), *values)
for name, w, b in (("map", "weight", "bias"), ("sklearn", "coef_", "intercept_")):
    with zipfile.ZipFile(name + ".npz", "w") as archive:
        archive.writestr(w + ".npy", npy((1, 2), 2.0, 3.0))
        archive.writestr(b + ".npy", npy((1,), 5.0))
`,
    ],
    { cwd: folder },
  ).finished;
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  for (const [from, to] of [
    ...[
      ['x.pt', 'x.npz'],
      ['x.pt', 'x.safetensors'],
      ['x.pt', 'nameless'],
    ],
    ...[
      ['map.npz', 'map.safetensors'],
      ['x.npy', 'y.safetensors'],
      ['x.npy', 'map.npy'],
    ],
  ])
    await copyFile(at(from), at(to));
});

test.each([
  ...['x.pt', 'x.npz', 'x.safetensors', 'nameless', 'x.pt#logits', 'x.pt[0:1]'].map((name) => [name, 'torch.load']),
  ['legacy.pth', 'torch.load'],
  ['x.pkl', 'pickle.load'],
  ['map.safetensors', '.npz'],
  ['y.safetensors', '.npy'],
])('rows in %s: what the file is, and the line that writes one which is read', async (name, what) => {
  const file = name.replace(/[#[].*/, '');
  await expect(openRows(at(name))).rejects.toThrow(coded('bad-input', at(file), what));
});

test.each(['x.pt', 'x.npz', 'legacy.pth'])('a head in %s is told by its content', async (name) => {
  const options = { features: 2 };
  await expect(loadHead(at(name), options)).rejects.toThrow(coded('bad-input', at(name), 'save_file'));
});

test.each([
  ['fit', '--x', 'x.pt', '--y', 'x.npy', '--out', 'm.safetensors'],
  ['fit', '--x', 'x.npy', '--y', 'x.npz', '--out', 'm.safetensors'],
  ['evaluate', '--head', 'x.npy', '--map', 'map.npz', '--x', 'x.pt', '--logits', 'x.npy'],
  ['evaluate', '--head', 'x.npy', '--features', 'legacy.pth', '--logits', 'x.npy'],
  ['recover', 'x.pt', '--out', 'r.safetensors'],
  ['fingerprint', 'x.npz'],
])('%s %s %s …', async (...args) => {
  const { code, stderr } = await runCli(args, { cwd: folder });
  expect(code).toBe(1);
  expect(stderr).toMatch(naming('error: ', 'torch.load'));
});

test('a map is read from .npz, by the names that are in use; what is none is told by its content', async () => {
  for (const name of ['map.npz', 'sklearn.npz']) {
    const { weight, bias } = await loadLinearMap(at(name));
    expect([...weight.data, ...bias.data]).toEqual([2, 3, 5]);
  }
  const fitted = await runCli(['fit', '--x', 'x.npy', '--y', 'x.npy', '--out', 'own.safetensors', '--quiet'], {
    cwd: folder,
  });
  expect(fitted.code).toBe(0);
  expect((await loadLinearMap(at('own.safetensors'))).fit).toBeDefined();
  await expect(loadLinearMap(at('map.npy'))).rejects.toThrow(coded('bad-input', at('map.npy'), 'numpy.savez'));
  await expect(loadLinearMap(at('map.safetensors'))).rejects.toThrow(coded('bad-input', '.npz'));
  await expect(loadLinearMap(at('x.pt'))).rejects.toThrow(coded('bad-input', 'torch.load'));
  await expect(loadLinearMap(at('x.npz'))).rejects.toThrow(coded('bad-input', 'torch.load'));
});

test('a safetensors file whose header has a length that begins like a pickle is one', async () => {
  const name = 'n'.repeat(640 - '{"":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}'.length);
  await writeSafetensors(at('long.safetensors'), { [name]: toNdArray(Float32Array.of(3), [1, 1]) });
  expect((await readFile(at('long.safetensors'))).subarray(0, 2)).toEqual(Buffer.of(0x80, 2));
  await copyFile(at('long.safetensors'), at('long'));
  const { rows, close } = await openRows(at('long'));
  expect([...(await rows.read(0, 1))]).toEqual([3]);
  await close();
  expect((await readNpy(at('x.npy'))).shape).toEqual([3, 2]);
});
