import { constants } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import { truncate, writeFile } from 'node:fs/promises';
import { FeatReconstructError } from '../../lib/base/index.js';
import { bytesOf } from '../../lib/bytes/index.js';
import { openNpy, openSafetensors, readNpy, readSafetensors } from '../../lib/tensor/index.js';
import { random } from '../cli/support.js';
import { scratchFolder } from './scratch.js';
import { coded } from '../support/coded.js';

/** Small files that promise much, or whose fields are no such thing: one sentence, within a second. */

const at = scratchFolder();
/** Milliseconds; far more than it takes, far less than it took. */
const limit = 5000;

/** A .npy file with this header, whatever its data. */
function npy(header: string, data: Uint8Array = new Uint8Array(0), version = 1): Uint8Array {
  const start = Buffer.alloc(version === 1 ? 10 : 12);
  start.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  if (version === 1) start.writeUInt16LE(header.length, 8);
  else start.writeUInt32LE(header.length, 8);
  return Buffer.concat([start, Buffer.from(header, 'latin1'), data]);
}

const plain = (shape: string, order = 'False', descr = '<f4'): string =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;

/** A safetensors file with this JSON, whatever its data. */
function safetensors(json: string | object, data: Uint8Array = new Uint8Array(0), length?: bigint): Uint8Array {
  const text = Buffer.from(typeof json === 'string' ? json : JSON.stringify(json));
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([start, text, data]);
}

const tensor = (dtype: unknown, shape: unknown, offsets: unknown): object => ({
  x: { dtype, shape, data_offsets: offsets },
});
const ones = (count: number): string => `(${'1, '.repeat(count)})`;
const four = bytesOf(Float32Array.of(1, 2, 3, 4));

async function refusal(read: Promise<unknown>): Promise<Error> {
  const begun = performance.now();
  const error = await read.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(performance.now() - begun).toBeLessThan(limit);
  expect(error).toBeInstanceOf(FeatReconstructError);
  return error as unknown as Error;
}

describe('.npy files', () => {
  test.each<[string, Uint8Array, Error]>([
    ['1,000 dimensions', npy(plain(ones(1000)), four.subarray(0, 4)), coded('bad-input', 64, 1000)],
    ['65 dimensions', npy(plain(ones(65)), four.subarray(0, 4)), coded('bad-input', 64, 65)],
    ['1,000 dimensions in Fortran order', npy(plain(ones(1000), 'True'), four.subarray(0, 4)), coded('bad-input', 64)],
    ['a size beyond all numbers', npy(plain('(4294967296, 4294967296)')), coded('bad-input', 'addressed')],
    ['a product that wraps', npy(plain('(4294967296, 4294967296, 0)')), coded('bad-input', 'addressed')],
    ['a number of 400 digits', npy(plain(`(${'9'.repeat(400)},)`)), coded('bad-input', 'addressed')],
    ['a terabyte that is not there', npy(plain('(274877906944,)'), four), coded('damaged', '1099511627')],
    ['a negative dimension', npy(plain('(-4,)'), four), coded('damaged', 'header')],
    ['a fraction', npy(plain('(4.0,)'), four), coded('damaged', 'header')],
    ['no shape', npy(`{'descr': '<f4', 'fortran_order': False}`, four), coded('damaged', 'header')],
    ['no order', npy(`{'descr': '<f4', 'shape': (4,)}`, four), coded('damaged', 'header')],
    ['a type called constructor', npy(plain('(4,)', 'False', '<constructor1'), four), coded('bad-input', 'numbers')],
    ['a type called __proto__', npy(plain('(4,)', 'False', '__proto__'), four), coded('bad-input', 'numbers')],
    ['complex numbers', npy(plain('(2,)', 'False', '<c8'), four), coded('bad-input', 'numbers')],
    ['Python objects', npy(plain('(4,)', 'False', '|O'), four), coded('bad-input', 'numbers')],
    ['a header of 60 kB with no end', npy(`{'descr': '${'<'.repeat(60_000)}`), coded('damaged', 'header')],
    ['a header of 4 GB', npy('', four, 2).fill(255, 8, 12), coded('damaged', 'header', '4294967295')],
    ['a header of 100 kB', npy(plain('(4,)').padEnd(100_000), four, 2), coded('damaged', 'header', '100000')],
    ['version 9', npy(plain('(4,)'), four, 9), coded('damaged', 'version', 9)],
    ['nothing', new Uint8Array(0), coded('damaged', '.npy', 'header')],
    ['the magic alone', npy('').subarray(0, 8), coded('damaged', '.npy', 'header')],
    ['data cut short', npy(plain('(4,)'), four.subarray(0, 15)), coded('damaged', 'asks')],
    ['data too long', npy(plain('(3,)'), four), coded('damaged', 'asks')],
  ])('%s', async (_, bytes, message) => {
    await writeFile(at('x.npy'), bytes);
    expect(await refusal(readNpy(at('x.npy')))).toEqual(message);
    expect(await refusal(openNpy(at('x.npy')))).toEqual(message);
    expect(await refusal(readNpy(bytes))).toEqual(message);
  });

  test.each<[string, number[]]>([
    ['(4, 0)', [4, 0]],
    ['(0, 4)', [0, 4]],
    ['(0,)', [0]],
    ['(0, 1099511627776)', [0, 2 ** 40]],
    ['(2, 0, 1099511627776)', [2, 0, 2 ** 40]],
  ])('the shape %s holds nothing, in both orders', async (shape, expected) => {
    for (const order of ['False', 'True']) {
      const bytes = npy(plain(shape, order));
      await writeFile(at('empty.npy'), bytes);
      const begun = performance.now();
      const file = await openNpy(at('empty.npy'));
      expect(await file.read(0, file.rows)).toHaveLength(0);
      await file.close();
      const array = await readNpy(bytes);
      expect([array.shape, array.size]).toEqual([expected, 0]);
      expect(performance.now() - begun).toBeLessThan(limit);
    }
  });

  test('64 dimensions are what NumPy has, too', async () => {
    const array = await readNpy(npy(plain(`(4, ${'1, '.repeat(63)})`, 'True'), four));
    expect(array.shape).toHaveLength(64);
    expect(Array.from(array.data as ArrayLike<number>)).toEqual([1, 2, 3, 4]);
  });
});

describe('safetensors files', () => {
  const whole = tensor('F32', [4], [0, 16]);
  test.each<[string, Uint8Array, Error]>([
    ['a header of 2^60 bytes', safetensors(whole, four, 2n ** 60n), coded('damaged', 'header', '11529215046068')],
    [
      'a header of 2^64 - 1 bytes',
      safetensors(whole, four, 2n ** 64n - 1n),
      coded('damaged', 'header', '18446744073709552000'),
    ],
    ['a header that ends in the data', safetensors(whole, four, 70n), coded('damaged', 'JSON')],
    ['a header of 0 bytes', safetensors('', four), coded('damaged', 'JSON')],
    ['7 bytes', new Uint8Array(7), coded('damaged', 7)],
    ['a list', safetensors('[1, 2]', four), coded('damaged', 'JSON')],
    ['a text that is no UTF-8', safetensors('{"\xff', four, 2n), coded('damaged', 'JSON')],
    ['100,000 brackets', safetensors(`{"x":${'['.repeat(100_000)}`, four), coded('damaged', 'JSON')],
    [
      '100,000 objects in one another',
      safetensors(`${'{"x":'.repeat(100_000)}1${'}'.repeat(100_000)}`, four),
      coded('damaged', 'dtype'),
    ],
    ...['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf'].map(
      (dtype): [string, Uint8Array, Error] => [
        `a type called ${dtype}`,
        safetensors(tensor(dtype, [4], [0, 16]), four),
        coded('bad-input', "'x'", dtype),
      ],
    ),
    ['a type that is a list', safetensors(tensor(['F32'], [4], [0, 16]), four), coded('damaged', 'dtype')],
    ['8-bit floats', safetensors(tensor('F8_E4M3', [16], [0, 16]), four), coded('bad-input', 'F8_E4M3')],
    [
      '1,000 dimensions',
      safetensors(tensor('F32', Array(1000).fill(1), [0, 4]), four.subarray(0, 4)),
      coded('bad-input', 64),
    ],
    [
      'a size beyond all numbers',
      safetensors(tensor('F32', [2 ** 32, 2 ** 32], [0, 16]), four),
      coded('bad-input', 'addressed'),
    ],
    ['a negative dimension', safetensors(tensor('F32', [-4], [0, 16]), four), coded('damaged', "'x'", 'dtype')],
    ['a dimension of 1e300', safetensors(tensor('F32', [1e300], [0, 16]), four), coded('damaged', "'x'", 'dtype')],
    ['offsets backwards', safetensors(tensor('F32', [4], [16, 0]), four), coded('damaged', -16, "'x'")],
    ['three offsets', safetensors(tensor('F32', [4], [0, 8, 16]), four), coded('damaged', "'x'", 'dtype')],
    [
      'offsets beyond the file',
      safetensors(tensor('F32', [2 ** 40], [0, 2 ** 42]), four),
      coded('damaged', '4398046511'),
    ],
    ['a gap', safetensors(tensor('F32', [3], [4, 16]), four), coded('damaged', 'byte 4', 'byte 0')],
    ['a rest', safetensors(tensor('F32', [3], [0, 12]), four), coded('damaged', 'asks')],
    [
      'an overlap',
      safetensors({ ...tensor('F32', [3], [0, 12]), y: { dtype: 'F32', shape: [2], data_offsets: [8, 16] } }, four),
      coded('damaged', "'y'", 'byte 8', 'byte 12'),
    ],
    [
      'a name twice',
      safetensors(
        `{"w":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`,
        four.subarray(0, 4),
      ),
      coded('damaged', "'w'", 'twice'),
    ],
    ['a name twice, written in two ways', safetensors(`{"\\u0077":{},"w":{}}`), coded('damaged', "'w'", 'twice')],
    ['metadata twice', safetensors(`{"__metadata__":{"a":"1","a":"2"}}`), coded('damaged', "'a'", 'twice')],
    ['metadata that are a list', safetensors({ __metadata__: ['a'], ...whole }, four), coded('damaged', 'texts')],
    ['metadata of numbers', safetensors({ __metadata__: { a: 1 }, ...whole }, four), coded('damaged', 'texts')],
    ['metadata that are null', safetensors({ __metadata__: null, ...whole }, four), coded('damaged', 'texts')],
    ['a tensor that is null', safetensors({ x: null }, four), coded('damaged', "'x'", 'dtype')],
    [
      'a tensor called __proto__',
      safetensors(`{"__proto__":{"dtype":"F32","shape":[3],"data_offsets":[0,16]}}`, four),
      coded('damaged', 16, "'__proto__'"),
    ],
  ])('%s', async (_, bytes, message) => {
    await writeFile(at('x.safetensors'), bytes);
    expect(await refusal(readSafetensors(at('x.safetensors')))).toEqual(message);
    expect(await refusal(openSafetensors(bytes))).toEqual(message);
  });

  test('a tensor called __proto__ or constructor is one like any other', async () => {
    const entry = (from: number): string => `{"dtype":"F32","shape":[2],"data_offsets":[${from},${from + 8}]}`;
    const bytes = safetensors(`{"__proto__":${entry(0)},"constructor":${entry(8)}}`, four);
    const { tensors } = await readSafetensors(bytes);
    expect(Object.keys(tensors)).toEqual(['__proto__', 'constructor']);
    const second = new Map(Object.entries(tensors)).get('constructor')!;
    expect(Array.from(second.data as ArrayLike<number>)).toEqual([3, 4]);
  });
});

describe('what is no regular file', () => {
  const readers = { readNpy, openNpy, readSafetensors, openSafetensors };
  const isPosix = process.platform !== 'win32';
  (isPosix ? test : test.skip).each(Object.entries(readers))(
    '%s waits for no pipe and reads no device',
    async (_, read) => {
      const pipe = at(`pipe-${read.name}`);
      execFileSync('mkfifo', [pipe]);
      expect(await refusal(read(pipe))).toEqual(coded('bad-input', pipe, 'pipe'));
      expect(await refusal(read('/dev/zero'))).toEqual(coded('bad-input', '/dev/zero', 'pipe'));
      expect(await refusal(read(at('.')))).toEqual(coded('bad-input', 'folder'));
    },
  );
});

test('a file that is cut short while it is open is said to be', async () => {
  await writeFile(at('shrinks.npy'), npy(plain('(4,)'), four));
  const file = await openNpy(at('shrinks.npy'));
  await truncate(at('shrinks.npy'), 80);
  expect(await refusal(file.read(0, 4))).toEqual(coded('damaged', 'short'));
  await file.close();
});

// Node 22 knows no such limit but the memory of the machine.
const isLimited = constants.MAX_LENGTH < 6 * 2 ** 30;
(isLimited ? test : test.skip)(
  'what is larger than an array can be is refused in one piece, and read in ranges',
  async () => {
    // Sparse: no block of it is on the disk.
    const size = 6 * 2 ** 30;
    const header = npy(plain(`(${size / 4 / 1024}, 1024)`).padEnd(118));
    await writeFile(at('large.npy'), header);
    await truncate(at('large.npy'), header.length + size);
    expect(await refusal(readNpy(at('large.npy')))).toEqual(coded('too-large', '6,442,450,944'));
    const file = await openNpy(at('large.npy'));
    expect(await refusal(file.read(0, file.rows))).toEqual(coded('too-large', 'ranges'));
    expect(await file.read(file.rows - 1, file.rows)).toEqual(new Float32Array(1024));
    await file.close();
  },
);

test.each<[string, Uint8Array, (bytes: Uint8Array) => Promise<unknown>]>([
  ['.npy', npy(plain('(2, 2)'), four), readNpy],
  ['safetensors', safetensors({ __metadata__: { a: 'b' }, ...tensor('F32', [4], [0, 16]) }, four), readSafetensors],
])('a %s file with changed bytes is read or refused, whatever they are', async (_, bytes, read) => {
  const next = random(7);
  for (let round = 0; round < 500; round++) {
    const damaged = Uint8Array.from(bytes);
    for (let k = 0; k < 1 + 3 * next(); k++) damaged[Math.floor(next() * damaged.length)] = 256 * next();
    const error = await read(damaged).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error !== null && !(error instanceof FeatReconstructError)) throw new Error(`round ${round}`, { cause: error });
  }
});
