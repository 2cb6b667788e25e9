import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';

/** Made-up shared libraries and wheels, so that the tests need neither a card nor CUDA. */

/** A 64-bit ELF library that asks the loader for others and holds nothing else. */
export function sharedLibrary({ needed, runPath = '' }: { needed: string[]; runPath?: string }): Buffer {
  const texts = ['', ...needed, runPath].map((text) => `${text}\0`);
  const strings = Buffer.from(texts.join(''));
  const positions = texts.map((_, i) => texts.slice(0, i).join('').length);
  const [headers, address] = [64 + 2 * 56, 0x10000];
  const entries: [tag: number, value: number][] = [
    [5, address + headers],
    ...needed.map((_, i): [number, number] => [1, positions[i + 1]]),
    ...(runPath ? [[29, positions.at(-1)!] as [number, number]] : []),
    [0, 0],
  ];
  const section = Buffer.alloc(16 * entries.length);
  entries.forEach(([tag, value], i) => {
    section.writeBigInt64LE(BigInt(tag), 16 * i);
    section.writeBigUInt64LE(BigInt(value), 16 * i + 8);
  });
  const header = Buffer.alloc(headers);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeBigUInt64LE(64n, 32); // program headers follow at once
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(2, 56);
  const segment = (index: number, type: number, offset: number, length: number): void => {
    const at = 64 + 56 * index;
    header.writeUInt32LE(type, at);
    header.writeBigUInt64LE(BigInt(offset), at + 8);
    header.writeBigUInt64LE(BigInt(address + offset), at + 16);
    header.writeBigUInt64LE(BigInt(length), at + 32);
  };
  segment(0, 1, 0, headers + strings.length + section.length);
  segment(1, 2, headers + strings.length, section.length);
  return Buffer.concat([header, strings, section]);
}

/** Files of a wheel `onnxruntime-gpu`, by name, with its own RECORD. */
export function wheelFiles({ version = '1.30.0', tag = 'cp311-cp311-manylinux_2_28_x86_64', cuda = 13 } = {}) {
  const files: Record<string, Buffer> = {
    'onnxruntime/capi/libonnxruntime_providers_shared.so': sharedLibrary({ needed: ['libc.so.6'] }),
    'onnxruntime/capi/libonnxruntime_providers_cuda.so': sharedLibrary({
      needed: [`libcudart.so.${cuda}`, 'libnothing-like-it.so.7', 'libc.so.6'],
    }),
    'onnxruntime/capi/libonnxruntime_providers_tensorrt.so': sharedLibrary({ needed: ['libnvinfer.so.10'] }),
  };
  const information = `onnxruntime_gpu-${version}.dist-info`;
  const sum = (data: Buffer): string =>
    `sha256=${createHash('sha256').update(data).digest('base64url')},${data.length}`;
  const record = Object.entries(files).map(([name, data]) => `${name},${sum(data)}\n`);
  files[`${information}/METADATA`] = Buffer.from(`Metadata-Version: 2.4\nName: onnxruntime-gpu\nVersion: ${version}\n`);
  files[`${information}/WHEEL`] = Buffer.from(`Wheel-Version: 1.0\nTag: ${tag}\n`);
  files[`${information}/RECORD`] = Buffer.from(`${record.join('')}${information}/RECORD,,\n`);
  return files;
}

/** A zip archive, every other file of it deflated. */
export function zip(files: Record<string, Buffer>): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  Object.entries(files).forEach(([name, data], i) => {
    const packed = i % 2 ? deflateRawSync(data) : data;
    const fields = Buffer.alloc(26); // from the version to the lengths, the same in both headers
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(i % 2 ? 8 : 0, 4);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(data.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, rest, Buffer.from(name)]));
    parts.push(local);
    offset += local.length;
  });
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(directory.length, 8);
  end.writeUInt16LE(directory.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, ...directory, end]);
}
