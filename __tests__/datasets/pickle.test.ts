import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { PickledArray, readPickle } from '../../lib/datasets/pickle.js';
import { fixture, fixtureJson } from './support.js';
import { coded } from '../support/coded.js';

const read = async (name: string) => readPickle(await readFile(fixture('pickles', name)), name);

describe('pickles', () => {
  test.each([
    ['numpy-protocol2', [1, 2, 300000], false],
    ['numpy-protocol3', [1, -2, 2 ** 40], false],
    ['numpy-fortran', [1, 2, 3], true],
  ])("%s: NumPy's arrays and lists of integers", async (name, labels, fortranOrder) => {
    const { sha256, shape } = await fixtureJson('pickles.json');
    const value = (await read(name)) as Map<string, unknown>;
    expect([...value.keys()]).toEqual(['labels', 'data']);
    expect(value.get('labels')).toEqual(labels);
    const data = value.get('data') as PickledArray;
    expect(data).toMatchObject({ dtype: '|u1', shape, fortranOrder });
    const digest = createHash('sha256').update(data.bytes).digest('hex');
    if (fortranOrder) expect(digest).not.toBe(sha256);
    else expect(digest).toBe(sha256);
  });

  test('types keep their byte order', async () => {
    const data = ((await read('numpy-float')) as Map<string, PickledArray>).get('data')!;
    expect(data).toMatchObject({ dtype: '>f4', shape: [2, 3] });
    expect(Buffer.from(data.bytes).readFloatBE(20)).toBe(5);
  });

  test("Python 2's strings are bytes", async () => {
    const path = fixture('cifar', 'python', 'cifar-10-batches-py', 'test_batch');
    const batch = readPickle(await readFile(path), path) as Map<string, Uint8Array>;
    expect(Buffer.from(batch.get('batch_label')!).toString()).toBe('training batch 6 of 5');
  });

  test.each([
    ['hostile', coded('bad-input', ".system'", 'trust')],
    ['set', coded('bad-input', ".set'")],
    ['numpy-objects', coded('bad-input', 'NumPy')],
    ['protocol4', coded('bad-input', 4, 2, 3)],
  ])('%s is refused', async (name, message) => {
    await expect(read(name)).rejects.toThrow(message);
  });

  const text = (pickle: string) => () => readPickle(Buffer.from(pickle, 'latin1'), 'x');

  test.each([
    ['protocol 0 with a global', "cos\nsystem\n(S'echo'\ntR.", coded('bad-input', "'os.system'")],
    ['an old class', '(ios\nsystem\n.', coded('bad-input', "'os.system'")],
    [
      'a known name called otherwise',
      '\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aU\x04zlib\x86R.',
      /calls _codecs\.encode/,
    ],
    ['a call of no function', '\x80\x02K\x01)R.', coded('bad-input', 'function')],
    ['a new object', '\x80\x02)\x81.', coded('bad-input', '0x81', 3)],
    ['a persistent id', '\x80\x02Q.', coded('bad-input', '0x51')],
    ['state for a list', '\x80\x02]}b.', coded('bad-input', 'NumPy')],
    ['an empty stack', '\x80\x02.', coded('bad-input', 'stack')],
    ['a mark never set', '\x80\x02e.', coded('bad-input', 'mark')],
    ['an item never stored', '\x80\x02h\x05.', coded('bad-input', 5)],
    ['keys that are numbers', '\x80\x02}K\x01K\x02s.', coded('bad-input', 'keys')],
    ['a huge string', '\x80\x02T\xff\xff\xff\xff', coded('damaged', 'short', 7)],
    ['a huge integer', '\x80\x02\x8a\x07\x01\x01\x01\x01\x01\x01\x01.', coded('bad-input', '2^47')],
    ['a name without end', '\x80\x02cnumpy', coded('damaged', 'short')],
    ['nothing', '', coded('damaged', 'short', 0)],
  ])('%s is refused', (_, pickle, message) => {
    expect(text(pickle)).toThrow(message);
  });

  test('a small pickle that asks for much is refused at once', () => {
    const letters = Buffer.alloc(2 ** 20, 'a');
    const stored = Buffer.concat([Buffer.from('X\0\0\x10\0', 'latin1'), letters, Buffer.from('q\x01')]);
    const pickle = (...parts: (string | Buffer)[]): Buffer =>
      Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
    const read = (bytes: Buffer) => () => readPickle(bytes, 'x');
    // The same megabyte as bytes, 100,000 times.
    const encode = pickle('\x80\x02c_codecs\nencode\nq\x00', stored, 'X\x06\0\0\0latin1q\x02');
    expect(read(pickle(encode, 'h\x00h\x01h\x02\x86R'.repeat(100_000)))).toThrow(coded('bad-input', 'more'));
    // The same megabyte as a key, 100,000 times.
    const key = pickle('\x80\x02}T\0\0\x10\0', letters, 'q\x01', 'K\x01s' + 'h\x01K\x01s'.repeat(100_000));
    expect(read(key)).toThrow(coded('bad-input', 'keys'));
    expect(read(pickle('\x80\x02', Buffer.alloc(5_000_000, '(')))).toThrow(coded('bad-input', 'nests'));
  });

  test('a pickle cut short anywhere is refused', async () => {
    const bytes = await readFile(fixture('cifar', 'python', 'cifar-100-python', 'meta'));
    for (let length = 0; length < bytes.length; length++) {
      expect(() => readPickle(bytes.subarray(0, length), 'meta')).toThrow(coded('damaged', 'meta'));
    }
  });
});
