import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { FeatReconstructError, UsageError } from '../base/index.js';
import { makeFolder, openZip } from '../bytes/index.js';
import { findCudaLibraries, type MissingLibrary } from './libraries.js';
import { runtimeFolder, runtimeVersion } from './package.js';

/** What `installCudaLibraries` put where, and what the loader still does not find. */
export interface InstalledLibraries {
  folder: string;
  files: string[];
  /** Major version of CUDA that the libraries want. */
  cuda: number;
  missing: MissingLibrary[];
}

/** The parts of ONNX Runtime that its CUDA and TensorRT providers need, in the order in which they are put in place. */
const libraries = [
  'libonnxruntime_providers_shared.so',
  'libonnxruntime_providers_cuda.so',
  'libonnxruntime_providers_tensorrt.so',
];

/** A Python package, as a wheel or as a folder: its files by their names in it. */
interface Distribution {
  names: string[];
  stream(name: string): Promise<Readable>;
  close(): Promise<void>;
}

/**
 * Puts ONNX Runtime's CUDA libraries in place from the PyPI wheel `onnxruntime-gpu`, for machines on which onnxruntime-node's
 * install script could not run. Nothing is written unless the wheel is of onnxruntime-node's version and for this system, and
 * each file has the SHA-256 that the wheel records.
 * @param source the wheel (.whl), or a folder that it was unpacked or installed to (site-packages)
 * @throws FeatReconstructError for another package, version or system, and for files that are damaged or missing
 */
export async function installCudaLibraries(
  source: string,
  { folder = runtimeFolder() }: { folder?: string } = {},
): Promise<InstalledLibraries> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new UsageError(
      `Expected Linux on x64, the only system whose onnxruntime-node loads CUDA, found ${process.platform} ${process.arch}.`,
    );
  }
  const distribution = await openDistribution(source);
  const temporary: string[] = [];
  try {
    const sums = await checkedSums(distribution, source);
    await makeFolder(folder);
    for (const { name, sha256 } of sums) {
      const file = path.join(folder, `${path.basename(name)}.partial`);
      temporary.push(file);
      await copyChecked(await distribution.stream(name), file, sha256, `${source}: ${name}`);
    }
    const files = sums.map(({ name }) => path.basename(name));
    // Under their own names only once all of them are whole.
    for (const name of files) await rename(path.join(folder, `${name}.partial`), path.join(folder, name));
    const { cuda, missing } = await findCudaLibraries('cuda', folder);
    return { folder, files, cuda, missing };
  } finally {
    for (const file of temporary) await rm(file, { force: true });
    await distribution.close();
  }
}

async function openDistribution(source: string): Promise<Distribution> {
  const found = await stat(source).catch(() => null);
  if (!found) {
    throw new FeatReconstructError(
      `Expected a wheel or a folder at ${source}, found nothing: fetch one with \`pip download --no-deps onnxruntime-gpu==${runtimeVersion()}\`.`,
      { code: 'not-found' },
    );
  }
  if (found.isDirectory()) return openFolder(source);
  const zip = await openZip(source);
  return {
    names: zip.entries.map(({ name }) => name),
    stream: (name) => zip.stream(zip.entries.find((entry) => entry.name === name)!),
    close: () => zip.close(),
  };
}

/** A folder that a wheel was unpacked to. Only the files that are read have names: site-packages may hold many others. */
async function openFolder(folder: string): Promise<Distribution> {
  const information = (await readdir(folder)).filter((name) => /^onnxruntime.*\.dist-info$/.test(name));
  const inside = ['METADATA', 'RECORD', 'WHEEL'].flatMap((name) => information.map((each) => `${each}/${name}`));
  const names = [...inside, ...libraries.map((name) => `onnxruntime/capi/${name}`)];
  return {
    names: names.filter((name) => existsSync(path.join(folder, name))),
    stream: (name) => Promise.resolve(createReadStream(path.join(folder, name))),
    close: async () => {},
  };
}

/** The libraries in the distribution and their recorded SHA-256, once package, version and system are the right ones. */
async function checkedSums(distribution: Distribution, source: string): Promise<{ name: string; sha256: string }[]> {
  const wanted = runtimeVersion();
  const get = `fetch it with \`pip download --no-deps onnxruntime-gpu==${wanted}\``;
  const information = (name: string): string | undefined =>
    distribution.names.find((each) => new RegExp(`^onnxruntime_gpu-[^/]+\\.dist-info/${name}$`).test(each));
  const [metadata, record, wheel] = ['METADATA', 'RECORD', 'WHEEL'].map(information);
  if (!metadata || !record || !wheel) {
    throw new FeatReconstructError(
      `Expected the PyPI package onnxruntime-gpu ${wanted} in ${source}, a wheel or the folder that holds onnxruntime/ and onnxruntime_gpu-${wanted}.dist-info/, found ${distribution.names.find((name) => name.endsWith('METADATA')) ?? 'no such folder'}: ${get}.`,
    );
  }
  const version = /^Version: (\S+)/m.exec(await textOf(await distribution.stream(metadata)))?.[1] ?? 'none';
  if (version !== wanted) {
    throw new FeatReconstructError(
      `Expected onnxruntime-gpu ${wanted}, the version of the onnxruntime-node that is installed, found ${version} in ${source}: its libraries would be loaded by another ONNX Runtime than they were built for; ${get}.`,
      { code: 'version' },
    );
  }
  const tag = /^Tag: (\S+)/m.exec(await textOf(await distribution.stream(wheel)))?.[1] ?? 'none';
  if (!/linux.*_x86_64$/.test(tag)) {
    throw new FeatReconstructError(`Expected a wheel for Linux on x86_64, found ${tag} in ${source}: ${get} on Linux.`);
  }
  const lines = (await textOf(await distribution.stream(record))).split('\n').map((line) => line.split(','));
  return libraries.map((library) => {
    const name = `onnxruntime/capi/${library}`;
    const sum = /^sha256=([\w-]+)$/.exec(lines.find(([each]) => each === name)?.[1] ?? '')?.[1];
    if (sum === undefined || !distribution.names.includes(name)) {
      throw new FeatReconstructError(`Expected ${name} and its SHA-256 in ${source}, found none: ${get} again.`, {
        code: 'not-found',
      });
    }
    return { name, sha256: Buffer.from(sum, 'base64url').toString('hex') };
  });
}

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

async function copyChecked(from: Readable, to: string, sha256: string, what: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(
    from,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        yield chunk;
      }
    },
    createWriteStream(to),
  );
  const found = hash.digest('hex');
  if (found === sha256) return;
  throw new FeatReconstructError(
    `Expected SHA-256 ${sha256} for ${what}, as the wheel's own RECORD says, found ${found}: the file is damaged; fetch it again.`,
    { code: 'damaged' },
  );
}
