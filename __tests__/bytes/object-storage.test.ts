import { checkPlace, isThere, namesIn, openBytes, stateOf, writeWhole } from '../../lib/bytes/index.js';
import { openSafetensors } from '../../lib/tensor/index.js';
import { coded } from '../support/coded.js';
import { objectServer } from '../support/object-server.js';

const server = await objectServer(['bucket', 'other']);
const online = server ? test : test.skip;
const MiB = 2 ** 20;
const before = { ...process.env };

/** Bytes that are not the same in any two places. */
const noise = (length: number): Uint8Array => {
  const words = new Uint32Array(Math.ceil(length / 4)).map((_, i) => Math.imul(i + 1, 2654435761));
  return new Uint8Array(words.buffer, 0, length);
};

beforeAll(async () => {
  if (!server) return;
  for (const [name, value] of Object.entries(server.env)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});
beforeEach(() => {
  if (!server) return;
  server.gate = () => 'pass';
  server.requests.length = 0;
});
afterAll(async () => {
  process.env = before;
  await server?.close();
});

const contentOf = async (key: string): Promise<Uint8Array> => new Uint8Array((await server!.get('bucket', key))!);
const uploads = (): Promise<number> => server!.uploads('bucket');

describe('an object that is written', () => {
  online('is what was given in chunks, small or in parts', async () => {
    for (const length of [0, 1000, 17 * MiB + 3]) {
      const bytes = noise(length);
      const third = Math.floor(length / 3);
      await writeWhole('s3://bucket/x', [bytes.subarray(0, third), bytes.subarray(third)]);
      expect(Buffer.compare(await contentOf('x'), bytes)).toBe(0);
    }
    expect(await uploads()).toBe(0);
  });

  online.each(['path with space/x', 'a%20b+c', 'größe/図', '/a//b', "it's (1)!*", 'a#b?c=d&e'])(
    'has the key that was typed: %s',
    async (key) => {
      await writeWhole(`s3://bucket/${key}`, [noise(10)]);
      expect(await contentOf(key)).toEqual(noise(10));
      expect(await (await openBytes(`s3://bucket/${key}`)).read(2, 5)).toEqual(noise(10).subarray(2, 7));
    },
  );

  online('is none, and leaves no parts, where a part fails', async () => {
    server!.gate = ({ url }) => (/partNumber=2/.test(url!) ? [400, 'EntityTooSmall'] : 'pass');
    await expect(writeWhole('s3://bucket/failed', [noise(17 * MiB)])).rejects.toThrow(coded('system'));
    expect([await isThere('s3://bucket/failed'), await uploads()]).toEqual([false, 0]);
  });

  online('is none, and leaves no parts, where it is stopped', async () => {
    const controller = new AbortController();
    server!.gate = ({ url }) => {
      if (!/partNumber=2/.test(url!)) return 'pass';
      controller.abort();
      return 'hold';
    };
    const writing = writeWhole('s3://bucket/stopped', [noise(17 * MiB)], { signal: controller.signal });
    await expect(writing).rejects.toMatchObject({ name: 'AbortError' });
    expect([await isThere('s3://bucket/stopped'), await uploads()]).toEqual([false, 0]);
  });

  online('may be tried before: nothing is left', async () => {
    await checkPlace('s3://bucket/new');
    expect([await isThere('s3://bucket/new'), await uploads()]).toEqual([false, 0]);
  });
});

describe('an object that is read', () => {
  online('is fetched in large pieces, however small the ranges are', async () => {
    const bytes = noise(17 * MiB + 5);
    await writeWhole('s3://bucket/large', [bytes]);
    server!.requests.length = 0;
    const file = await openBytes('s3://bucket/large');
    expect(file.size).toBe(bytes.length);
    const parts: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += 65_521) {
      parts.push(await file.read(at, Math.min(65_521, bytes.length - at)));
    }
    expect(Buffer.compare(Buffer.concat(parts), bytes)).toBe(0);
    // The head and three pieces.
    expect(server!.requests).toHaveLength(4);
    expect(Buffer.compare(await file.read(0, bytes.length), bytes)).toBe(0);
    for (const [at, length] of [
      [8 * MiB - 1, 2],
      [bytes.length - 1, 1],
      [bytes.length, 0],
    ]) {
      expect(await file.read(at, length)).toEqual(bytes.subarray(at, at + length));
    }
    await expect(file.read(bytes.length - 1, 2)).rejects.toThrow(coded('damaged', 's3://bucket/large'));
    await file.close();
  });

  online('gives arrays that may be changed', async () => {
    await writeWhole('s3://bucket/small', [noise(100)]);
    const file = await openBytes('s3://bucket/small');
    (await file.read(0, 100)).fill(0);
    expect(await file.read(0, 100)).toEqual(noise(100));
  });

  online('may be empty', async () => {
    await writeWhole('s3://bucket/empty', []);
    const file = await openBytes('s3://bucket/empty');
    expect([file.size, await file.read(0, 0)]).toEqual([0, new Uint8Array(0)]);
    await expect(openSafetensors('s3://bucket/empty')).rejects.toThrow(coded('damaged', 's3://bucket/empty'));
  });

  online('is told where it is replaced or removed meanwhile', async () => {
    const changes = [
      () => server!.put('bucket', 'replaced', Buffer.alloc(17 * MiB)),
      () => server!.remove('bucket', 'replaced'),
    ];
    for (const change of changes) {
      await writeWhole('s3://bucket/replaced', [noise(17 * MiB)]);
      const [file, state] = [await openBytes('s3://bucket/replaced'), await stateOf('s3://bucket/replaced')];
      await file.read(0, 8 * MiB);
      await change();
      await expect(file.read(9 * MiB, 10)).rejects.toThrow(coded('damaged', 's3://bucket/replaced'));
      expect(await stateOf('s3://bucket/replaced')).not.toBe(state);
    }
  });

  online('is asked for again where an answer breaks off, and told where all do', async () => {
    await writeWhole('s3://bucket/cut', [noise(17 * MiB)]);
    const file = await openBytes('s3://bucket/cut');
    let cuts = 1;
    server!.gate = () => (cuts-- > 0 ? 'cut' : 'pass');
    expect(Buffer.compare(await file.read(0, 8 * MiB), noise(8 * MiB))).toBe(0);
    cuts = Infinity;
    await expect(file.read(8 * MiB, 8 * MiB)).rejects.toThrow(coded('unavailable', 's3://bucket/cut'));
    // What failed is not kept.
    cuts = 0;
    expect(await file.read(8 * MiB, 4)).toEqual(noise(17 * MiB).subarray(8 * MiB, 8 * MiB + 4));
  });

  online('is told where it was cut short before it was uploaded', async () => {
    const header = Buffer.from('{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}  ');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    await writeWhole('s3://bucket/short.safetensors', [length, header, Buffer.alloc(7)]);
    await expect(openSafetensors('s3://bucket/short.safetensors')).rejects.toThrow(
      coded('damaged', 's3://bucket/short'),
    );
  });
});

online('a folder has the names that begin with it, and none of folders below', async () => {
  for (const name of ['folder/a.stats', 'folder/b c.stats', 'folder/below/d.stats', 'folders.stats']) {
    await writeWhole(`s3://other/${name}`, [noise(1)]);
  }
  expect((await namesIn('s3://other/folder/')).sort()).toEqual(['a.stats', 'b c.stats']);
  expect(await namesIn('s3://other/none/')).toEqual([]);
  expect(await namesIn('s3://other/')).toEqual(['folders.stats']);
});

describe('what a server refuses', () => {
  online('a key and a bucket that are not there', async () => {
    expect(await isThere('s3://bucket/none')).toBe(false);
    await expect(openBytes('s3://bucket/none')).rejects.toThrow(coded('not-found', 's3://bucket/none'));
    await expect(openBytes('s3://nobucket/x')).rejects.toThrow(coded('not-found', 'nobucket', 's3://nobucket/x'));
    await expect(isThere('s3://nobucket/x')).rejects.toThrow(coded('not-found', 'nobucket'));
    await expect(namesIn('s3://nobucket/x/')).rejects.toThrow(coded('not-found', 'nobucket'));
    await expect(checkPlace('s3://nobucket/x')).rejects.toThrow(coded('not-found', 'nobucket'));
    await expect(writeWhole('s3://nobucket/x', [noise(9)])).rejects.toThrow(coded('not-found', 'nobucket'));
  });

  online.each([
    ['AccessDenied', 403, 'system'],
    ['InvalidAccessKeyId', 403, 'system'],
    ['ExpiredToken', 400, 'system'],
    ['InternalError', 500, 'unavailable'],
    ['EntityTooLarge', 400, 'system'],
  ] as const)('%s', async (name, status, code) => {
    server!.gate = () => [status, name];
    await expect(openBytes('s3://bucket/x')).rejects.toThrow(coded(code, 's3://bucket/x'));
    await expect(checkPlace('s3://bucket/x')).rejects.toThrow(coded(code, 's3://bucket/x'));
    await expect(writeWhole('s3://bucket/x', [noise(9)])).rejects.toThrow(coded(code, 's3://bucket/x'));
    // Whether there is something cannot be said: it must not count as nothing.
    await expect(isThere('s3://bucket/x')).rejects.toThrow(coded(code, 's3://bucket/x'));
  });

  online.each(['s3://bucket', 's3://bucket/folder/', 's3:///x'])('%s is no object', async (text) => {
    await expect(openBytes(text)).rejects.toThrow(coded('usage', text));
    await expect(checkPlace(text)).rejects.toThrow(coded('usage', text));
    await expect(writeWhole(text, [])).rejects.toThrow(coded('usage', text));
    expect(server!.requests).toEqual([]);
  });
});
