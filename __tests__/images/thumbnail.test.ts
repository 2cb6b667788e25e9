import { decodeImage, thumbnail, type RgbImage } from '../../lib/images/index.js';

const made = (width: number, height: number): RgbImage => ({
  width,
  height,
  data: Uint8Array.from({ length: 3 * width * height }, (_, i) => (i * 37 + (i >> 4)) % 256),
});
const decoded = async (uri: string): Promise<RgbImage> => {
  const [start, data] = uri.split(',');
  expect(start).toBe('data:image/png;base64');
  return decodeImage({ name: 'thumbnail', file: Buffer.from(data, 'base64') });
};

test('a small image comes back as it is', async () => {
  const image = made(32, 20);
  const { width, height, data } = await decoded(await thumbnail(image));
  expect([width, height]).toEqual([32, 20]);
  expect(Buffer.from(data).equals(Buffer.from(image.data))).toBe(true);
});

test.each([
  [640, 480, 64, 48],
  [100, 400, 16, 64],
  [3000, 4, 64, 1],
  [100, 65, 64, 42],
])('%i x %i becomes %i x %i', async (width, height, w, h) => {
  const small = await decoded(await thumbnail(made(width, height)));
  expect([small.width, small.height]).toEqual([w, h]);
});
