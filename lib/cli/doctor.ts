import type { Command } from 'commander';
import { visibleData, wrap } from '../base/index.js';
import type { InstalledLibraries, VulkanReport } from '../doctor/index.js';
import type { ProviderReport } from '../runtime/index.js';
import { common, createContext } from './context.js';
import { linesOf } from './terminal.js';

interface Flags {
  fixCuda?: string;
  verbose?: boolean;
  json?: boolean;
  quiet?: boolean;
}

export function register(program: Command): void {
  common(
    program
      .command('doctor')
      .description('check which execution providers run here, and what the others need')
      .option(
        '--fix-cuda <wheel|folder>',
        "install ONNX Runtime's CUDA libraries from the PyPI wheel onnxruntime-gpu, packed or unpacked",
      )
      .option('--verbose', 'versions, folders, and why a provider is not ready'),
  )
    .addHelpText(
      'after',
      '\nExamples:\n  $ featreconstruct doctor\n  $ featreconstruct doctor --fix-cuda onnxruntime_gpu-1.30.0-cp311-cp311-manylinux_2_28_x86_64.whl',
    )
    .action(async (flags: Flags) => {
      const context = createContext(flags);
      const { findVulkan, installCudaLibraries, runtimeVersion } = await import('../doctor/index.js');
      const { listProviders } = await import('../runtime/index.js');
      const { packageVersion } = await import('../experiments/index.js');
      const { defaultDataDir } = await import('../datasets/index.js');
      const fixed = flags.fixCuda === undefined ? null : await installCudaLibraries(flags.fixCuda);
      const providers = await listProviders();
      const vulkan = await findVulkan();
      const facts = {
        featreconstruct: packageVersion(),
        node: process.version,
        onnxruntime: runtimeVersion(),
        platform: `${process.platform} ${process.arch}`,
        dataDir: defaultDataDir(),
      };
      const width = Math.max(...Object.keys(facts).map((name) => name.length));
      const lines = Object.entries(visibleData(facts)).map(([name, value]) => `${name.padEnd(width)}  ${value}`);
      const blocks = [
        summary(visibleData(providers)),
        ...(fixed ? [installed(visibleData(fixed))] : []),
        ...(flags.verbose
          ? [
              lines.join('\n'),
              ['Execution providers', ...wrap(about, 96)].join('\n    '),
              ...visibleData(providers).map(paragraph),
              ...(vulkan ? [drivers(visibleData(vulkan))] : []),
            ]
          : []),
      ];
      context.print(linesOf(blocks.join('\n\n')), { ...facts, ...(fixed ? { fixed } : {}), providers, vulkan });
    });
}

/** The summary: whether the CPU works, and which other providers do. */
function summary(providers: readonly ProviderReport[]): string {
  const cpu = providers.find(({ name }) => name === 'cpu');
  const others = providers.filter(({ name }) => name !== 'cpu');
  const [ready, missing] = [others.filter(({ available }) => available), others.filter(({ available }) => !available)];
  const names = (of: readonly ProviderReport[]): string => of.map(({ name }) => name).join(', ');
  return [
    cpu?.available === false ? `CPU: not ready. ${cpu.reason ?? ''}` : 'CPU: ready. It is enough for everything.',
    ...(ready.length > 0 ? [`Also ready: ${names(ready)} (--provider ${ready[0].name}).`] : []),
    ...(missing.length > 0 ? [`Not here: ${names(missing)}. With --verbose: why not, and what to do.`] : []),
  ].join('\n');
}

const about =
  'The CPU is enough for everything; the others are quicker where there is a card. The libraries print warnings of their own (vkCreateInstance …), which the reasons below explain.';

function installed({ folder, files, cuda }: InstalledLibraries): string {
  return ['Put in place', folder, ...files, `They need CUDA ${cuda} and cuDNN 9.`].join('\n    ');
}

/** `cuda: no`, and below it why not and what to do, wrapped. */
function paragraph({ name, available, reason }: ProviderReport): string {
  return [`${name}: ${available ? 'yes' : 'no'}`, ...(reason ? wrap(reason, 96) : [])].join('\n    ');
}

function drivers({ loader, drivers: found }: VulkanReport): string {
  return [
    'Vulkan, which webgpu runs on',
    `loader  ${loader ? 'libvulkan.so.1' : 'libvulkan.so.1 is not found'}`,
    ...(found.length === 0 ? ['driver  none found'] : []),
    ...found.map(({ manifest, library, loads }) => {
      if (library === null) return `driver  ${manifest} cannot be read`;
      return `driver  ${manifest}${loads ? '' : `: ${library} does not load`}`;
    }),
  ].join('\n    ');
}
