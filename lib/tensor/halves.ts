/** Arrays of 16-bit floats, as their bits in a Uint16Array, to float32 and back. */

const bits = new Uint32Array(1);
const float = new Float32Array(bits.buffer);

/** The float32 of every float16 bit pattern: 65,536 entries, built when first asked for. */
let table: Float32Array | undefined;

function halfTable(): Float32Array {
  if (table) return table;
  table = new Float32Array(65536);
  const words = new Uint32Array(table.buffer);
  for (let half = 0; half < 65536; half++) {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >> 10) & 0x1f;
    const fraction = half & 0x3ff;
    if (exponent === 0) {
      // Subnormal: fraction x 2^-24, which float32 holds as a normal number.
      table[half] = (sign ? -1 : 1) * fraction * 2 ** -24;
    } else {
      const wide = exponent === 31 ? 255 : exponent + 112;
      words[half] = (sign | (wide << 23) | (fraction << 13)) >>> 0;
    }
  }
  return table;
}

/** IEEE 754 binary16 bits to float32, exactly. */
export function float16ToFloat32(halves: Uint16Array): Float32Array {
  const lookup = halfTable();
  const out = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) out[i] = lookup[halves[i]];
  return out;
}

/** bfloat16 bits (the upper half of a float32) to float32, exactly. */
export function bfloat16ToFloat32(halves: Uint16Array): Float32Array {
  const out = new Float32Array(halves.length);
  const words = new Uint32Array(out.buffer);
  for (let i = 0; i < halves.length; i++) words[i] = halves[i] << 16;
  return out;
}

/** float32 to binary16 bits, to the nearest, ties to even; what is too large becomes infinity. */
export function float32ToFloat16(values: Float32Array): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) out[i] = roundToHalf(values[i]);
  return out;
}

/** The float16 bits of a number: each range below has its own rounding. */
function roundToHalf(value: number): number {
  float[0] = value;
  const sign = (bits[0] >>> 16) & 0x8000;
  const magnitude = bits[0] & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Below 2^-14: adding 0.5 leaves the rounded multiple of 2^-24 in the low bits, as float32 rounds ties to even.
    float[0] = Math.abs(value) + 0.5;
    return sign | (bits[0] - 0x3f000000);
  }
  const rounded = magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1);
  return sign | (rounded >>> 13);
}
