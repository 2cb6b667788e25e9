import { float16ToFloat32, float32ToFloat16 } from '../../lib/tensor/index.js';

const every = Uint16Array.from({ length: 65536 }, (_, i) => i);

test('float16 numbers are what IEEE 754 says', () => {
  const bits = Uint16Array.of(0x0000, 0x3c00, 0xc000, 0x7bff, 0x0001, 0x0400, 0x3555, 0x7c00, 0xfc00);
  expect([...float16ToFloat32(bits)]).toEqual([
    0,
    1,
    -2,
    65504,
    2 ** -24,
    2 ** -14,
    0.333251953125,
    Infinity,
    -Infinity,
  ]);
});

test('every float16 comes back from float32', () => {
  const back = float32ToFloat16(float16ToFloat32(every));
  const isNaN16 = (bits: number) => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
  for (const bits of every) {
    if (isNaN16(bits)) expect(isNaN16(back[bits])).toBe(true);
    else if (back[bits] !== bits) throw new Error(`0x${bits.toString(16)} became 0x${back[bits].toString(16)}`);
  }
});

test('between two float16 numbers the nearer one is taken, the even one half-way', () => {
  const values = float16ToFloat32(every);
  const rounded = (x: number) => float32ToFloat16(Float32Array.of(x))[0];
  for (let bits = 0; bits < 0x7bff; bits++) {
    const [low, high] = [values[bits], values[bits + 1]];
    const middle = (low + high) / 2; // exact in float32
    const even = bits % 2 === 0 ? bits : bits + 1;
    if (rounded(middle) !== even) throw new Error(`half-way above 0x${bits.toString(16)}`);
    if (rounded(low + (high - low) * 0.25) !== bits) throw new Error(`below half-way above 0x${bits.toString(16)}`);
    if (rounded(low + (high - low) * 0.75) !== bits + 1) throw new Error(`past half-way above 0x${bits.toString(16)}`);
  }
  expect([rounded(65519), rounded(65520), rounded(-1e9), rounded(2 ** -25), rounded(1e-30)]).toEqual([
    0x7bff, 0x7c00, 0xfc00, 0, 0,
  ]);
});
