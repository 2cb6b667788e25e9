import {
  applyPixels,
  BatchWriter,
  centerCrop,
  ownTransform,
  ownTransformKey,
  makeTransform,
  resize,
  resizedSize,
  transformNames,
} from '../../lib/images/index.js';
import type { Interpolation, RgbImage, Transform, TransformSpec } from '../../lib/images/index.js';
import { goldens, pattern, sha } from './pattern.js';
import { coded } from '../support/coded.js';

type Size = [number, number];

describe('resize', () => {
  const cases = goldens.resized as { source: Size; target: Size; interpolation: Interpolation; sha: string }[];
  test.each(cases.map((row) => [`${row.source} to ${row.target}, ${row.interpolation}`, row] as const))(
    'equals Pillow: %s',
    (_, { source, target, interpolation, sha: expected }) => {
      const out = resize(pattern(...source), target, interpolation);
      expect([out.height, out.width]).toEqual(target);
      expect(sha(out.data)).toBe(expected);
    },
  );

  test('the shorter side is rounded as torchvision rounds it', () => {
    for (const { source, size, result } of goldens.shorterSides as { source: Size; size: number; result: Size }[]) {
      expect(resizedSize({ height: source[0], width: source[1] }, size)).toEqual(result);
    }
  });

  test('an image of that size is left alone', () => {
    const image = pattern(20, 30);
    expect(resize(image, [20, 30], 'bicubic')).toBe(image);
  });
});

describe('centerCrop', () => {
  const cases = goldens.cropped as { source: Size; target: Size; sha: string }[];
  test.each(cases.map((row) => [`${row.source} to ${row.target}`, row] as const))(
    'equals torchvision: %s',
    (_, { source, target, sha: expected }) => {
      expect(sha(centerCrop(pattern(...source), target).data)).toBe(expected);
    },
  );
});

describe('transforms', () => {
  const cases = goldens.tensors as { spec: TransformSpec; size: number; source: Size; sha: string }[];
  test.each(cases.map((row) => [`${JSON.stringify(row.spec)} of ${row.source} at ${row.size}`, row] as const))(
    'give the float32 tensor of torchvision and timm: %s',
    (_, { spec, size, source, sha: expected }) => {
      const writer = new BatchWriter(makeTransform(spec, [size, size]), [size, size], 1, 'nchw');
      writer.writeImage(0, pattern(...source));
      expect(sha(writer.data)).toBe(expected);
    },
  );

  test('raw keeps pixels as they are', () => {
    const image = pattern(6, 5);
    const writer = new BatchWriter(makeTransform('raw', [6, 5]), [6, 5], 1, 'nhwc');
    writer.writeImage(0, image);
    expect(Array.from(writer.data)).toEqual(Array.from(image.data));
  });

  test('own numbers take the place of the preset’s', () => {
    const transform = makeTransform(
      { name: 'timm', mean: [0.1, 0.2, 0.3], cropPct: 0.9, interpolation: 'nearest' },
      [90, 90],
    );
    expect(transform.mean).toEqual([0.1, 0.2, 0.3]);
    expect(transform.std).toEqual([0.229, 0.224, 0.225]);
    expect(transform.steps).toEqual([
      { op: 'resize', size: 100, interpolation: 'nearest' },
      { op: 'centerCrop', size: [90, 90] },
    ]);
    expect(makeTransform({ name: 'timm', mean: undefined, cropPct: undefined }, [8, 8])).toEqual(
      makeTransform('timm', [8, 8]),
    );
  });

  test('one number stands for all three channels', () => {
    const { mean, std } = makeTransform({ name: 'timm', mean: 0.5, std: 0.25 }, [8, 8]);
    expect([mean, std]).toEqual([
      [0.5, 0.5, 0.5],
      [0.25, 0.25, 0.25],
    ]);
    expect(() => makeTransform({ name: 'timm', std: 0 }, [8, 8])).toThrow(coded('usage', '0'));
  });

  test('options that mean nothing to a preset are refused', () => {
    for (const name of transformNames) {
      const takes = { cropPct: ['imagenet', 'timm'], interpolation: ['imagenet', 'timm', 'upsample', 'caffe'] };
      for (const [option, value] of [
        ['cropPct', 0.9],
        ['interpolation', 'bilinear'],
      ] as const) {
        const make = () => makeTransform({ name, [option]: value }, [32, 32]);
        if (takes[option].includes(name)) expect(make).not.toThrow();
        else expect(make).toThrow(expect.objectContaining({ name: 'UsageError', exitCode: 2 }));
      }
    }
  });

  test.each([
    [{ name: 'imagnet' }, "found 'imagnet'"],
    [{ name: 'toString' }, "found 'toString'"],
    [{ name: 'protocol', std: [0.2, 0, 0.2] }, coded('usage', 'std', 0)],
    [{ name: 'protocol', mean: [0.2, 0.1] }, coded('usage', 'mean', 'three')],
    [{ name: 'timm', cropPct: 87.5 }, 'found 87.5'],
    [{ name: 'timm', interpolation: 'area' }, "found 'area'"],
    [{ name: 'timm', channels: 'gbr' }, "found 'gbr'"],
    [{ name: 'steps' }, coded('usage', 'steps')],
    [{ name: 'steps', steps: [{ op: 'turn' }] }, 'found {"op":"turn"}'],
    [{ name: 'timm', steps: [] }, coded('usage', "'steps'")],
  ])('wrong usage is named: %j', (spec, message) => {
    expect(() => makeTransform(spec as TransformSpec, [32, 32])).toThrow(message);
  });

  test('an input that is no square is covered, or filled by the whole image', () => {
    const size = { height: 32, width: 64 };
    expect(applyPixels(makeTransform('imagenet', [32, 64]), pattern(9, 9))).toMatchObject(size);
    expect(applyPixels(makeTransform('upsample', [32, 64]), pattern(9, 9))).toMatchObject(size);
  });

  test('numbers above 1 are of pixels from 0 to 255', () => {
    const { scale, mean, std } = makeTransform({ name: 'imagenet', mean: [103.939, 116.779, 123.68] }, [8, 8]);
    expect({ scale, mean, std }).toEqual({ scale: 1, mean: [103.939, 116.779, 123.68], std: [1, 1, 1] });
    const caffe = makeTransform('caffe', [8, 8]);
    expect(caffe).toMatchObject({ channels: 'bgr', scale: 1, mean: [103.939, 116.779, 123.68] });
    // Keras' preprocess_input(mode='caffe'): BGR, less the means.
    const image = pattern(8, 8);
    const writer = new BatchWriter(caffe, [8, 8], 1, 'nhwc');
    writer.writeImage(0, image);
    const expected = Array.from(
      image.data,
      (_, i) => Math.fround(image.data[i - (i % 3) + 2 - (i % 3)]) - caffe.mean[i % 3],
    );
    writer.data.forEach((value, i) => expect(value).toBeCloseTo(expected[i], 4));
  });

  test.each(['nchw', 'nhwc'] as const)(
    'pixels go into a model of uint8 as they are, grey ones by one channel: %s',
    (layout) => {
      const image = pattern(8, 8);
      const bytes = new BatchWriter(makeTransform('protocol', [8, 8], { type: 'uint8' }), [8, 8], 1, layout, 'uint8');
      bytes.writeImage(0, image);
      expect(bytes.data).toBeInstanceOf(Uint8Array);
      if (layout === 'nhwc') expect(bytes.data).toEqual(image.data);
      else expect(Array.from(bytes.data.subarray(64, 67))).toEqual([image.data[1], image.data[4], image.data[7]]);
      const seen = makeTransform('unit', [8, 8], { channels: 1 });
      const one = new BatchWriter(seen, [8, 8], 1, layout);
      one.writeImage(0, image);
      expect(one.data).toHaveLength(64);
      // Pillow: Image.fromarray(pixels).convert('L').
      const [r, g, b] = image.data;
      expect(255 * one.data[0]).toBeCloseTo(Math.floor((r * 19595 + g * 38470 + b * 7471 + 32768) / 65536), 3);
      expect(() => makeTransform({ name: 'unit', mean: 0.5 }, [8, 8], { type: 'uint8' })).toThrow(
        coded('usage', 'mean', 'uint8'),
      );
      expect(() => makeTransform({ name: 'unit', mean: [0.1, 0.2, 0.3] }, [8, 8], { channels: 1 })).toThrow(
        coded('usage', 'channel'),
      );
    },
  );
});

describe('BatchWriter', () => {
  const size: Size = [20, 24];
  const protocol = makeTransform('protocol', size);
  /** The slow way: crop, then normalise number by number. */
  const expected = (image: RgbImage, layout: 'nchw' | 'nhwc'): number[] => {
    const { data } = applyPixels(protocol, image);
    const out = new Float32Array(data.length);
    data.forEach((value, i) => {
      const channel = i % 3;
      const at = layout === 'nhwc' ? i : channel * (data.length / 3) + (i - channel) / 3;
      out[at] =
        Math.fround(Math.fround(value / 255) - Math.fround(protocol.mean[channel])) /
        Math.fround(protocol.std[channel]);
    });
    return Array.from(out);
  };

  test.each(['nchw', 'nhwc'] as const)(
    'a slot holds its last image alone, whatever sizes it held before: %s',
    (layout) => {
      const writer = new BatchWriter(protocol, size, 2, layout);
      const per = writer.data.length / 2;
      const other = expected(pattern(7, 7), layout);
      writer.writeImage(0, pattern(7, 7));
      const sizes: Size[] = [
        [8, 8],
        [9, 9],
        [8, 8],
        [30, 10],
        [10, 30],
        [40, 40],
        [20, 24],
        [3, 3],
        [3, 3],
        [4, 2],
      ];
      for (const shape of sizes) {
        writer.writeImage(1, pattern(...shape));
        expect(Array.from(writer.data.subarray(per))).toEqual(expected(pattern(...shape), layout));
        expect(Array.from(writer.data.subarray(0, per))).toEqual(other);
      }
    },
  );

  // Pixels are read four at a time where they can be: widths that are no multiple of four, and rows that begin at any byte.
  const orders = ['rgb', 'bgr', 'grey'] as const;
  const numbers = [
    ['float32', { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }],
    ['uint8', { scale: 1, mean: [0, 0, 0], std: [1, 1, 1] }],
  ] as const;
  const cases = orders.flatMap((order) =>
    (['nchw', 'nhwc'] as const).flatMap((layout) => numbers.map(([type, of]) => [order, layout, type, of] as const)),
  );
  test.each(cases)('each number is that of its pixel, bit for bit: %s, %s, %s', (order, layout, type, of) => {
    const [mean, std] = [of.mean, of.std].map(([a, b, c]): [number, number, number] => [a, b, c]);
    const shows = { rgb: [0, 1, 2], bgr: [2, 1, 0], grey: [0] }[order];
    for (const canvas of [
      [13, 16],
      [16, 13],
      [9, 7],
      [1, 1],
      [8, 4],
    ] as Size[]) {
      const transform: Transform = {
        ...{ name: 'own', steps: [{ op: 'centerCrop', size: canvas }], scale: of.scale, mean, std },
        ...(order === 'rgb' ? {} : { channels: order }),
      };
      const writer = new BatchWriter(transform, canvas, 2, layout, type);
      for (const [image, offset] of [
        [[13, 16], 0],
        [[20, 21], 0],
        [[5, 6], 0],
        [[11, 30], 0],
        [[16, 13], 1],
        [[8, 8], 3],
      ] as [Size, number][]) {
        const pixels = pattern(...image);
        // The view of another buffer, which need not begin at a word.
        const data = new Uint8Array(pixels.data.length + offset).subarray(offset);
        data.set(pixels.data);
        writer.writeImage(1, { ...pixels, data });
        const cropped = centerCrop(pixels, canvas).data;
        const area = canvas[0] * canvas[1];
        const row = Array.from({ length: shows.length * area }, (_, i) => {
          const [channel, at] =
            layout === 'nchw' ? [Math.floor(i / area), i % area] : [i % shows.length, Math.floor(i / shows.length)];
          const value = Math.fround(cropped[3 * at + shows[channel]] * of.scale);
          return Math.fround(Math.fround(value - Math.fround(mean[channel])) / Math.fround(std[channel]));
        });
        const written = writer.data.subarray(row.length);
        expect(written.every((value, i) => Object.is(value, row[i]))).toBe(true);
      }
    }
  });

  test('write takes an image of the input’s size and no other', () => {
    const writer = new BatchWriter(protocol, size, 1, 'nchw');
    writer.write(0, applyPixels(protocol, pattern(9, 9)));
    expect(Array.from(writer.data)).toEqual(expected(pattern(9, 9), 'nchw'));
    expect(() => writer.write(0, pattern(9, 9))).toThrow('20 x 24');
  });
});

describe('ownTransform', () => {
  const stating = (text: string): Map<string, string> => new Map([[ownTransformKey, text]]);

  test('is what the file states, and null where it states nothing', () => {
    expect(ownTransform(new Map([['author', 'somebody']]))).toBeNull();
    const spec: TransformSpec = { name: 'timm', mean: [0.5, 0.5, 0.5], cropPct: 0.9 };
    expect(ownTransform(stating(JSON.stringify(spec)))).toEqual(spec);
  });

  test.each([
    ['timm', /JSON/],
    ['[]', coded('bad-input', 'protocol')],
    ['null', /null/],
    ['{"name":"model"}', /found 'model'/],
    ['{"name":"timm","mean":"0.5"}', coded('bad-input', 'mean')],
    ['{"name":"timm","size":224}', coded('bad-input', "'size'", 'name', 'mean')],
    ['{"name":"protocol","cropPct":0.9}', coded('bad-input', 'cropPct', "'protocol'")],
  ])('refuses %s', (text, reason) => {
    expect(() => ownTransform(stating(text))).toThrow(reason);
    expect(() => ownTransform(stating(text))).toThrow(coded('bad-input', 'metadata'));
  });
});
