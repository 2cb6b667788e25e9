import { writeFile } from 'node:fs/promises';
import { createSafetensors, type SafetensorsDtype, type TensorSpec } from '../../lib/tensor/index.js';
import { openGraph } from '../../lib/models/index.js';

/** The layout of a graph's checkpoint. */
export async function layoutOf(name: string, dtype: SafetensorsDtype = 'F32'): Promise<TensorSpec[]> {
  const { weights } = await openGraph(name);
  return [...weights].map(([tensor, shape]) => ({ name: tensor, dtype, shape }));
}

/** A checkpoint of zeros. */
export async function writeZeros(file: string, layout: readonly TensorSpec[]): Promise<void> {
  await (await createSafetensors(file, layout)).close();
}

/** A safetensors file with any header. */
export async function writeRaw(file: string, header: string | Uint8Array, data: Uint8Array): Promise<void> {
  const json = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.length));
  await writeFile(file, Buffer.concat([length, json, data]));
}
