import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { readSharedLibrary } from './elf.js';
import { runtimeFolder } from './package.js';

const require = createRequire(import.meta.url);

/** A library that the loader does not find, and what brings it. */
export interface MissingLibrary {
  /** `libcudart.so.12` */
  name: string;
  /** `nvidia-cuda-runtime-cu12` of PyPI, the NVIDIA driver, … */
  package: string;
}

/** What the provider `cuda` or `tensorrt` has on this machine, and what it lacks. Linux only. */
export interface CudaLibraries {
  /** Files of ONNX Runtime itself that are not installed. */
  files: string[];
  /** Major version of CUDA that the installed files want; where there are none, the one whose files would be fetched. */
  cuda: number;
  /** Libraries of the driver, CUDA, cuDNN and TensorRT that the loader does not find. */
  missing: MissingLibrary[];
}

type CudaProvider = 'cuda' | 'tensorrt';

export const isCudaProvider = (name: string): name is CudaProvider => name === 'cuda' || name === 'tensorrt';

/** ONNX Runtime's own files for a provider. */
const fileNames = (provider: CudaProvider): string[] => [
  'libonnxruntime_providers_shared.so',
  `libonnxruntime_providers_${provider}.so`,
];

/**
 * Looks for a provider's libraries as the loader will. ONNX Runtime itself names at most the first one that is missing, and only
 * on stderr.
 * @param folder where ONNX Runtime's own files are
 */
export async function findCudaLibraries(provider: CudaProvider, folder = runtimeFolder()): Promise<CudaLibraries> {
  const files = fileNames(provider).filter((name) => !existsSync(path.join(folder, name)));
  const file = path.join(folder, `libonnxruntime_providers_${provider}.so`);
  const library = existsSync(file) ? await readSharedLibrary(file) : { needed: [], runPath: [] };
  const cuda = majorOf(library.needed) ?? fetchedCuda();
  const found = (name: string): boolean =>
    library.runPath.some((each) => existsSync(path.join(each.replace(/\$(ORIGIN|\{ORIGIN\})/, folder), name))) ||
    loads(name);
  const wanted = [...new Set([...library.needed, ...wantedOf(provider, cuda)])];
  const missing = wanted.filter((name) => !found(name)).map((name) => ({ name, package: packageOf(name, cuda) }));
  return { files, cuda, missing };
}

/** CUDA's major version by the names of its libraries: 13 for `libcudart.so.13`. */
function majorOf(needed: readonly string[]): number | undefined {
  const major = /^lib(?:cudart|cublas)\.so\.(\d+)$/;
  return needed.map((name) => Number(major.exec(name)?.[1] ?? 0)).find((each) => each > 0);
}

/** Major version of CUDA whose files onnxruntime-node's install script fetches; the script names it as `cuda12`. */
export function fetchedCuda(): number {
  const script = require.resolve('onnxruntime-node/script/install-metadata.js');
  return Number(/'linux\/x64': \['cuda(\d+)'/.exec(readFileSync(script, 'utf8'))?.[1]);
}

/**
 * Libraries that a provider needs besides those that its file lists: all of them where the file is missing, and cuDNN, which is
 * opened only when a convolution first runs.
 */
function wantedOf(provider: CudaProvider, cuda: number): string[] {
  return [
    'libcuda.so.1',
    `libcudart.so.${cuda}`,
    `libcublas.so.${cuda}`,
    `libcublasLt.so.${cuda}`,
    'libcurand.so.10',
    'libcudnn.so.9',
    ...(provider === 'tensorrt' ? ['libnvinfer.so.10', 'libnvonnxparser.so.10'] : []),
  ];
}

/**
 * Whether the loader finds a library, with this process's LD_LIBRARY_PATH: Node opens it, finds that it is no add-on, and closes
 * it again.
 */
export function loads(name: string): boolean {
  try {
    process.dlopen({ exports: {} }, name);
    return true;
  } catch (error) {
    return (error as Error).message.includes('did not self-register');
  }
}

/** By the beginning of a library's name the package on PyPI that has it, without the CUDA version. */
const wheels: readonly [RegExp, string][] = [
  [/^libcudart\./, 'nvidia-cuda-runtime'],
  [/^libcublas(Lt)?\./, 'nvidia-cublas'],
  [/^libcurand\./, 'nvidia-curand'],
  [/^libcufft\./, 'nvidia-cufft'],
  [/^libnvrtc\./, 'nvidia-cuda-nvrtc'],
  [/^libcudnn\./, 'nvidia-cudnn'],
  [/^libnvinfer|^libnvonnxparser/, 'tensorrt'],
];

function packageOf(name: string, cuda: number): string {
  if (name === 'libcuda.so.1') return 'the NVIDIA driver';
  const wheel = wheels.find(([pattern]) => pattern.test(name))?.[1];
  if (!wheel) return 'the system';
  if (wheel === 'tensorrt') return `tensorrt-cu${cuda}-libs~=10.0`;
  if (wheel === 'nvidia-cudnn' || cuda < 13) return `${wheel}-cu${cuda}`;
  // From CUDA 13 on the wheels' names carry no version; the wheel's own is that of the library.
  return `${wheel}~=${/\d+$/.exec(name)?.[0]}.0`;
}
