import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { UsageError } from '../../lib/base/index.js';
import { createSession, float64Providers, type ExecutionProvider } from '../../lib/runtime/index.js';
import { findVulkan, installCudaLibraries } from '../../lib/doctor/index.js';
import { readSharedLibrary } from '../../lib/doctor/elf.js';
import { findCudaLibraries } from '../../lib/doctor/libraries.js';
import { commandFor } from '../../lib/doctor/npm.js';
import { runtimeFolder, runtimePackage } from '../../lib/doctor/package.js';
import { modelFile } from '../onnx/fixtures.js';
import { runCli, temporaryFolder, writeVectorClassifier, writeVectors } from '../cli/support.js';
import { sharedLibrary, wheelFiles, zip } from './fakes.js';
import { coded, naming } from '../support/coded.js';

const folder = temporaryFolder();
const at = (...names: string[]): string => path.join(folder, ...names);
const linux = process.platform === 'linux' && process.arch === 'x64' ? describe : describe.skip;

async function write(file: string, data: Buffer): Promise<string> {
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, data);
  return file;
}

describe('what a shared library needs is read from the file', () => {
  test('of a made-up one', async () => {
    const made = { needed: ['libcudart.so.13', 'libm.so.6'], runPath: '$ORIGIN/a:/opt/b' };
    expect(await readSharedLibrary(await write(at('made.so'), sharedLibrary(made)))).toEqual({
      needed: made.needed,
      runPath: ['$ORIGIN/a', '/opt/b'],
    });
  });

  test('not of another file', async () => {
    await expect(readSharedLibrary(modelFile('matmul_add'))).rejects.toThrow(coded('damaged', 'ELF', 'matmul_add'));
  });
});

linux('libraries as the loader finds them', () => {
  test("of ONNX Runtime's own binding", async () => {
    const { needed, runPath } = await readSharedLibrary(path.join(runtimeFolder(), 'onnxruntime_binding.node'));
    expect(needed).toEqual(expect.arrayContaining(['libonnxruntime.so.1', 'libc.so.6']));
    expect(runPath).toEqual(['$ORIGIN/']);
  });

  test('missing ones have their packages; the CUDA version is that of the file', async () => {
    const name = 'libonnxruntime_providers_cuda.so';
    await write(at('cuda11', name), sharedLibrary({ needed: ['libcudart.so.11', 'libc.so.6', 'libodd.so.1'] }));
    const eleven = await findCudaLibraries('cuda', at('cuda11'));
    expect(eleven).toMatchObject({ files: ['libonnxruntime_providers_shared.so'], cuda: 11 });
    const packages = Object.fromEntries(eleven.missing.map((each) => [each.name, each.package]));
    expect(packages).toMatchObject({
      'libodd.so.1': 'the system',
      'libcudart.so.11': 'nvidia-cuda-runtime-cu11',
      'libcublas.so.11': 'nvidia-cublas-cu11',
    });
    expect(packages).not.toHaveProperty('libc.so.6');

    // What lies in the library's own run path is found there.
    await write(at('own', 'nvidia', 'libcublas.so.13'), sharedLibrary({ needed: [] }));
    const own = { needed: ['libcublas.so.13', 'libcufft.so.99'], runPath: '$ORIGIN/nvidia' };
    await write(at('own', name), sharedLibrary(own));
    const { cuda, missing } = await findCudaLibraries('cuda', at('own'));
    expect(cuda).toBe(13);
    expect(missing).toContainEqual({ name: 'libcufft.so.99', package: 'nvidia-cufft~=99.0' });
    expect(missing.map((each) => each.name)).not.toContain('libcublas.so.13');
  });

  test('without any file: those of the CUDA version that would be fetched', async () => {
    const { files, cuda, missing } = await findCudaLibraries('tensorrt', at('nowhere'));
    expect(files).toEqual(['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_tensorrt.so']);
    expect(cuda).toBe(12); // what onnxruntime-node 1.30.0 fetches
    for (const each of missing) expect(each.package).toMatch(/NVIDIA|^(nvidia|tensorrt)-[\w-]*cu12.*$/);
  });
});

describe('the command that fetches the CUDA libraries', () => {
  const home = runtimePackage();
  const fetch = [
    'ONNXRUNTIME_NODE_INSTALL=cuda12',
    'npm',
    'rebuild',
    'onnxruntime-node',
    '--ignore-scripts=false',
  ].join(' ');

  test.each([
    ['10.8.2', fetch],
    ['11.19.1', fetch],
    ['12.2.0', `npm approve-scripts onnxruntime-node && ${fetch}`],
  ])('for npm %s in a project', (npm, command) => {
    expect(commandFor(npm, home, process.cwd())).toBe(command);
  });

  test('from another folder it goes to the project first', () => {
    expect(commandFor('11.19.1', home, folder)).toBe(`cd ${process.cwd()} && ${fetch}`);
  });

  test('without npm, and outside a project, the script is run by itself', async () => {
    const alone = `ONNXRUNTIME_NODE_INSTALL=cuda12 node ${path.join(home, 'script', 'install.js')}`;
    expect(commandFor(null, home, process.cwd())).toBe(alone);
    expect(await readFile(path.join(home, 'script', 'install.js'), 'utf8')).toContain('ONNXRUNTIME_NODE_INSTALL');
    const elsewhere = at('global', 'node_modules', 'onnxruntime-node');
    expect(commandFor('12.2.0', elsewhere, folder)).toBe(
      `ONNXRUNTIME_NODE_INSTALL=cuda12 node ${path.join(elsewhere, 'script', 'install.js')}`,
    );
  });
});

linux('doctor --fix-cuda', () => {
  const wheel = async (name: string, files: Record<string, Buffer>): Promise<string> =>
    write(at('wheels', `${name}.whl`), zip(files));
  const libraries = ['cuda', 'shared', 'tensorrt'].map((name) => `libonnxruntime_providers_${name}.so`);

  test('puts the libraries of the right wheel in place, byte for byte, and says what they want', async () => {
    const files = wheelFiles();
    const { cuda, missing } = await installCudaLibraries(await wheel('right', files), { folder: at('right') });
    expect(cuda).toBe(13);
    expect(missing).toContainEqual({ name: 'libnothing-like-it.so.7', package: 'the system' });
    expect((await readdir(at('right'))).sort()).toEqual(libraries);
    for (const name of libraries) {
      expect((await readFile(at('right', name))).equals(files[`onnxruntime/capi/${name}`])).toBe(true);
    }
  });

  test('takes a folder that the wheel was unpacked to', async () => {
    for (const [name, data] of Object.entries(wheelFiles())) await write(at('site', ...name.split('/')), data);
    expect(await installCudaLibraries(at('site'), { folder: at('from-site') })).toMatchObject({ cuda: 13 });
    expect((await readdir(at('from-site'))).sort()).toEqual(libraries);
  });

  const damaged = (): Record<string, Buffer> => {
    const files = wheelFiles();
    const copy = Buffer.from(files[`onnxruntime/capi/${libraries[0]}`]);
    copy[copy.length - 1] ^= 1;
    return { ...files, [`onnxruntime/capi/${libraries[0]}`]: copy };
  };
  test.each<[string, Record<string, Buffer>, RegExp | Error]>([
    [
      'another version',
      wheelFiles({ version: '1.31.1' }),
      /Expected onnxruntime-gpu 1\.30\.0, .* found 1\.31\.1 in .*==1\.30\.0/,
    ],
    [
      'another system',
      wheelFiles({ tag: 'cp311-cp311-win_amd64' }),
      coded('bad-input', 'Linux', 'x86_64', 'cp311-cp311-win_amd64'),
    ],
    ['a damaged file', damaged(), /Expected SHA-256 [0-9a-f]{64} for .*providers_cuda\.so.* found [0-9a-f]{64}/],
    [
      'another package',
      { 'numpy-2.0.dist-info/METADATA': Buffer.from('Version: 1.30.0') },
      coded('bad-input', 'onnxruntime-gpu', '1.30.0', 'numpy-2.0'),
    ],
  ])('refuses %s and leaves nothing behind', async (name, files, message) => {
    const file = await wheel(name.replaceAll(' ', '-'), files);
    const target = at(`${path.basename(file)}-target`);
    await expect(installCudaLibraries(file, { folder: target })).rejects.toThrow(message);
    expect(await readdir(target).catch(() => [])).toEqual([]);
  });

  test('refuses what is no wheel, cut off or not there', async () => {
    const whole = zip(wheelFiles());
    const cut = await write(at('wheels', 'cut.whl'), whole.subarray(0, whole.length - 60));
    for (const [source, message] of [
      [cut, naming('cut.whl')],
      [at('wheels', 'none.whl'), naming('none.whl', 'pip')],
      [folder, naming('folder')],
    ] as const) {
      const { code, stdout, stderr } = await runCli(['doctor', '--fix-cuda', source]);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(message);
    }
  });
});

describe('options of providers', () => {
  const open = (provider: { name: string; [option: string]: unknown }) =>
    createSession(modelFile('matmul_add'), { executionProviders: [provider as ExecutionProvider] });

  test('that would be dropped in silence are refused', async () => {
    await expect(open({ name: 'cpu', useArena: true })).rejects.toThrow(UsageError);
    await expect(open({ name: 'cpu', useArena: true })).rejects.toThrow(coded('usage', "'cpu'", "'useArena'"));
    if (process.platform !== 'linux') return;
    await expect(open({ name: 'cuda', device: 1 })).rejects.toThrow(coded('usage', 'deviceId', "'device'"));
  });

  test('reach the provider from the command line', async () => {
    const args = ['extract', '--model', modelFile('matmul_add'), '--dataset', 'tensors:x.npy', '--store', at('s')];
    const { code, stderr } = await runCli([...args, '--provider-option', 'useArena']);
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringMatching(naming('KEY=VALUE')) });
    const auto = await runCli([...args, '--provider', 'auto', '--provider-option', 'deviceId=1']);
    expect(auto).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(naming('--provider-option', 'auto')),
    });
  });
});

test('auto takes the quickest that works, and says which', async () => {
  const model = await writeVectorClassifier(at('vectors.onnx'));
  const args = ['extract', '--model', model, '--dataset', `tensors:${await writeVectors(at('x.npy'), 8)}`];
  const { code, stdout, stderr } = await runCli([...args, '--store', at('auto'), '--provider', 'auto', '--json']);
  expect(code).toBe(0);
  const [, said, cpu] = /^provider (\w+), the quickest on a test graph: cpu ([\d.]+) ms/m.exec(stderr) ?? [];
  expect(Number(cpu)).toBeGreaterThan(0);
  expect((JSON.parse(stdout) as { provenance: { provider: string } }).provenance.provider).toBe(said);
});

test('graphs in float64 go with the model to CUDA, else to the CPU', () => {
  const card: ExecutionProvider = { name: 'cuda', deviceId: 1 };
  expect(float64Providers([card])).toEqual([card]);
  expect(float64Providers(['webgpu'])).toEqual(['cpu']);
  expect(float64Providers()).toEqual(['cpu']);
});

(process.platform === 'linux' ? test : test.skip)('Vulkan drivers are looked for where the loader looks', async () => {
  await write(at('icd', 'broken.json'), Buffer.from('{'));
  await write(at('icd', 'gone.json'), Buffer.from('{"ICD": {"library_path": "./gone.so"}}'));
  await write(at('icd', 'libc.json'), Buffer.from('{"ICD": {"library_path": "libc.so.6"}}'));
  const before = process.env.VK_DRIVER_FILES;
  try {
    process.env.VK_DRIVER_FILES = at('icd');
    const { drivers } = (await findVulkan())!;
    expect(drivers.sort((a, b) => a.manifest.localeCompare(b.manifest))).toEqual([
      { manifest: at('icd', 'broken.json'), library: null, loads: false },
      { manifest: at('icd', 'gone.json'), library: at('icd', 'gone.so'), loads: false },
      { manifest: at('icd', 'libc.json'), library: 'libc.so.6', loads: true },
    ]);
  } finally {
    if (before === undefined) delete process.env.VK_DRIVER_FILES;
    else process.env.VK_DRIVER_FILES = before;
  }
});
