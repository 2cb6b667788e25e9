import { FeatReconstructError, UsageError } from '../base/index.js';
import {
  findCudaLibraries,
  isCudaProvider,
  type CudaLibraries,
  fetchCommand,
  vulkanCure,
  runtimeFolder,
  runtimeVersion,
} from '../doctor/index.js';
import { loadRuntime } from './ort.js';

/** The execution providers that onnxruntime-node's builds have, each some of them. */
export type ProviderName = 'cpu' | 'cuda' | 'tensorrt' | 'dml' | 'coreml' | 'webgpu' | 'qnn';

/** An execution provider as ONNX Runtime takes it: a name, or a name with options. */
export type ExecutionProvider = ProviderName | { name: ProviderName; [option: string]: unknown };

/** A provider's name, without its options. */
export const providerName = (provider: ExecutionProvider): ProviderName =>
  typeof provider === 'string' ? provider : provider.name;

/** Names of the providers that this build of ONNX Runtime was compiled with. Some of them may not load here. */
export async function knownProviders(): Promise<ProviderName[]> {
  const { listSupportedBackends } = await loadRuntime();
  return listSupportedBackends().map(({ name }) => name as ProviderName);
}

/** What an option takes: a whole number, one of some words, or a list of names. */
type OptionValue = 'number' | 'names' | readonly string[];

const device = { deviceId: 'number' } as const;
const cacheModes = ['disabled', 'lazyRelease', 'simple', 'bucket'];

/**
 * The options that onnxruntime-node's binding passes on. It drops others without a word, and reports a wrong value of WebGPU's
 * only where WebGPU loads.
 */
const providerOptions: Record<string, Record<string, OptionValue>> = {
  cpu: {},
  cuda: device,
  tensorrt: device,
  dml: device,
  coreml: { coreMlFlags: 'number' },
  webgpu: {
    preferredLayout: ['NCHW', 'NHWC'],
    validationMode: ['disabled', 'wgpuOnly', 'basic', 'full'],
    storageBufferCacheMode: cacheModes,
    uniformBufferCacheMode: cacheModes,
    queryResolveBufferCacheMode: cacheModes,
    defaultBufferCacheMode: cacheModes,
    forceCpuNodeNames: 'names',
  },
};

/**
 * Refuses providers that could only fail, or that ONNX Runtime would drop without a word: it ignores unknown names in a list,
 * and unknown options of most providers.
 * @throws FeatReconstructError naming the provider, the reason and the cure
 * @throws UsageError for an option that the provider does not have
 */
export async function demandProviders(providers: readonly ExecutionProvider[]): Promise<void> {
  const known = await knownProviders();
  for (const provider of providers) {
    const name = providerName(provider);
    if (!known.includes(name)) {
      throw new FeatReconstructError(
        `Expected an execution provider out of ${known.join(', ')} (what this build of ONNX Runtime has on ${process.platform} ${process.arch}), found '${name}': name one of those, cpu always runs.`,
        { code: 'unavailable' },
      );
    }
    checkProviderOptions(provider);
    if (!isCudaProvider(name) || process.platform !== 'linux') continue;
    const libraries = await findCudaLibraries(name);
    if (libraries.files.length > 0 || libraries.missing.length > 0) throw await unloadable(name, absence(libraries));
  }
}

/** Checks a provider's options. @throws UsageError for one that it does not have, or a value that it does not take */
export function checkProviderOptions(provider: ExecutionProvider): void {
  if (typeof provider === 'string') return;
  const { name, ...options } = provider;
  // A provider that this table does not have yet checks its options itself.
  if (!Object.hasOwn(providerOptions, name)) return;
  const known = providerOptions[name];
  for (const [key, value] of Object.entries(options)) {
    if (!Object.hasOwn(known, key)) {
      const names = Object.keys(known);
      throw new UsageError(
        `Expected ${names.length > 0 ? `an option of provider '${name}' out of ${names.join(', ')}` : `no options of provider '${name}'`}, found '${key}': onnxruntime-node hands on no other.`,
      );
    }
    const wanted = wantedBy(known[key], value);
    if (wanted === null) continue;
    throw new UsageError(`Expected the option ${key} of provider '${name}' to be ${wanted}, found '${String(value)}'.`);
  }
}

/** What an option takes, in words; null where the value is right. */
function wantedBy(option: OptionValue, value: unknown): string | null {
  if (option === 'number') return Number.isInteger(value) && (value as number) >= 0 ? null : 'a whole number from 0';
  if (option === 'names') {
    const fits = Array.isArray(value) && value.every((name) => typeof name === 'string');
    return fits ? null : "a list of nodes' names, which only the library takes";
  }
  return option.includes(value as string) ? null : `one of ${option.join(', ')}`;
}

/** The error of a provider that does not load here. */
export async function unloadable(name: string, reason: string): Promise<FeatReconstructError> {
  return new FeatReconstructError(`Execution provider '${name}' does not load: ${reason}. ${await cure(name)}`, {
    code: 'unavailable',
  });
}

/** Which libraries are missing, in words. */
function absence({ files, missing }: CudaLibraries): string {
  return [
    ...(files.length > 0 ? [`${files.join(' and ')} not in ${runtimeFolder()}`] : []),
    ...(missing.length > 0
      ? [`the loader does not find ${missing.map((each) => `${each.name} (${each.package})`).join(', ')}`]
      : []),
  ].join('; ');
}

async function cure(name: string): Promise<string> {
  if (isCudaProvider(name)) return cudaCure(name);
  if (name === 'webgpu') return `${await vulkanCure()} Or use cpu.`;
  return 'Use cpu, which always runs.';
}

/** A sentence for each thing that is missing, with the command that installs it. */
async function cudaCure(name: 'cuda' | 'tensorrt'): Promise<string> {
  const { files, cuda, missing } = await findCudaLibraries(name);
  const steps: string[] = [];
  if (files.length > 0) {
    const { command, npm } = await fetchCommand();
    steps.push(
      `Fetch ONNX Runtime's part for CUDA ${cuda} with \`${command}\` (${npm ? `npm ${npm}` : 'no npm found'}); without a network, give the wheel onnxruntime-gpu ${runtimeVersion()} of PyPI to \`featreconstruct doctor --fix-cuda WHEEL\` (the wheel may be for another CUDA than ${cuda}, doctor then says which libraries it wants).`,
    );
  }
  const wheels = [...new Set(missing.map((each) => each.package))].filter((each) => !each.startsWith('the '));
  if (wheels.length > 0) {
    steps.push(
      `Install CUDA ${cuda} and cuDNN 9, for instance with \`pip install ${wheels.join(' ')}\`, and put the folders of their libraries on LD_LIBRARY_PATH.`,
    );
  }
  if (missing.some((each) => each.package === 'the NVIDIA driver')) steps.push('Install the NVIDIA driver.');
  if (steps.length === 0) steps.push('All libraries are here: check the driver and the card with nvidia-smi.');
  return `${steps.join(' ')} Or use cpu.`;
}

/** `CUDAExecutionProvider` in a profile is `cuda` in options. */
export const shortName = (profiled: string): string => profiled.replace(/ExecutionProvider$/, '').toLowerCase();
