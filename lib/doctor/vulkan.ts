import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { loads } from './libraries.js';

/** What WebGPU needs on Linux. */
export interface VulkanReport {
  /** Whether the loader `libvulkan.so.1` is found. */
  loader: boolean;
  drivers: VulkanDriver[];
}

/** A Vulkan driver, and whether its library loads. */
interface VulkanDriver {
  /** The manifest, a JSON file. */
  manifest: string;
  /** The library that it names; null where it cannot be read. */
  library: string | null;
  loads: boolean;
}

/**
 * The Vulkan loader and the drivers that it will find: those that VK_DRIVER_FILES (or, before Vulkan 1.3.207,
 * VK_ICD_FILENAMES) names instead of all others, else those in the folders of the system, plus VK_ADD_DRIVER_FILES
 * (LoaderDriverInterface.md of the Vulkan loader).
 * @returns null where WebGPU does not use Vulkan: on other systems than Linux
 */
export async function findVulkan(): Promise<VulkanReport | null> {
  if (process.platform !== 'linux') return null;
  const manifests = await manifestsOf(process.env);
  return { loader: loads('libvulkan.so.1'), drivers: await Promise.all(manifests.map(readDriver)) };
}

/** Manifests of the drivers that the loader will find. */
async function manifestsOf(env: NodeJS.ProcessEnv): Promise<string[]> {
  const only = env.VK_DRIVER_FILES ?? env.VK_ICD_FILENAMES;
  const places = only === undefined ? [...paths(env.VK_ADD_DRIVER_FILES), ...systemFolders(env)] : paths(only);
  const lists = await Promise.all(
    places.map(async (place) => {
      if (place.endsWith('.json')) return [place];
      const names = await readdir(place).catch(() => [] as string[]);
      return names.filter((name) => name.endsWith('.json')).map((name) => path.join(place, name));
    }),
  );
  return [...new Set(lists.flat())];
}

const paths = (text = ''): string[] => text.split(':').filter(Boolean);

function systemFolders(env: NodeJS.ProcessEnv): string[] {
  const bases = [
    env.XDG_CONFIG_HOME ?? path.join(homedir(), '.config'),
    ...paths(env.XDG_CONFIG_DIRS ?? '/etc/xdg'),
    '/etc',
    env.XDG_DATA_HOME ?? path.join(homedir(), '.local', 'share'),
    ...paths(env.XDG_DATA_DIRS ?? '/usr/local/share:/usr/share'),
  ];
  return bases.map((base) => path.join(base, 'vulkan', 'icd.d'));
}

async function readDriver(manifest: string): Promise<VulkanDriver> {
  try {
    const { ICD } = JSON.parse(await readFile(manifest, 'utf8')) as { ICD: { library_path: string } };
    const named = ICD.library_path;
    // A bare name is looked for as any library is; what has a slash is relative to the manifest.
    const library = named.includes('/') ? path.resolve(path.dirname(manifest), named) : named;
    return { manifest, library, loads: loads(library) };
  } catch {
    return { manifest, library: null, loads: false };
  }
}

/** The manifest of SwiftShader in Debian's chromium: a Vulkan driver that needs no graphics card. */
const swiftShader = '/usr/lib/chromium/vk_swiftshader_icd.json';

/** What to do where WebGPU does not load. */
export async function vulkanCure(): Promise<string> {
  const vulkan = await findVulkan();
  if (!vulkan) return 'It needs a graphics card with a current driver.';
  const steps: string[] = [];
  if (!vulkan.loader)
    steps.push('Install the Vulkan loader libvulkan.so.1 (Debian and Ubuntu: `apt-get install libvulkan1`).');
  if (!vulkan.drivers.some((driver) => driver.loads)) {
    const found = vulkan.drivers.map(({ manifest }) => manifest).join(', ');
    steps.push(
      `No Vulkan driver was found that loads${found && ` (${found} does not)`}: install that of the graphics card; without a card, Debian's chromium brings SwiftShader, slow but complete: ${existsSync(swiftShader) ? '' : '`apt-get install chromium`, then '}set VK_DRIVER_FILES=${swiftShader}.`,
    );
  }
  if (steps.length === 0) {
    // Without libEGL NVIDIA's driver loads, and then offers no vkCreateInstance on a machine without a display.
    const nvidia = vulkan.drivers.some(({ library }) => library?.includes('nvidia')) && !loads('libEGL.so.1');
    steps.push(
      nvidia
        ? "NVIDIA's Vulkan driver is here, but it needs libEGL.so.1 (Debian and Ubuntu: `apt-get install libegl1`)."
        : "Loader and drivers are here, but none of the drivers serves WebGPU (Mesa's llvmpipe does not): install that of the graphics card.",
    );
  }
  return steps.join(' ');
}
