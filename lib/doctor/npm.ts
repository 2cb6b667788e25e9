import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { fetchedCuda } from './libraries.js';
import { runtimePackage } from './package.js';

const run = promisify(execFile);

/** Version of the npm that is running this program or, failing that, is installed; null where there is none. */
async function npmVersion(): Promise<string | null> {
  const running = /^npm\/(\S+)/.exec(process.env.npm_config_user_agent ?? '');
  if (running) return running[1];
  try {
    const { stdout } = await run('npm', ['--version'], { timeout: 10_000 });
    return stdout.trim();
  } catch {
    return null;
  }
}

/** The command that fetches ONNX Runtime's CUDA libraries, and the npm that it is for. */
interface FetchCommand {
  command: string;
  npm: string | null;
}

/**
 * The command to type, which depends on the npm and on where onnxruntime-node is. npm 12 and later run a package's script only
 * when it was approved (a `rebuild` without that reports success and does nothing), older ones when scripts are not switched
 * off. Outside a project (npx, a global install) and without npm the command runs the script directly.
 */
export async function fetchCommand(): Promise<FetchCommand> {
  const npm = await npmVersion();
  return { npm, command: commandFor(npm, runtimePackage(), process.cwd()) };
}

/** The command of {@link fetchCommand}. @param npm its version @param home the folder of onnxruntime-node */
export function commandFor(npm: string | null, home: string, cwd: string): string {
  const flavour = `ONNXRUNTIME_NODE_INSTALL=cuda${fetchedCuda()}`;
  const project = home.slice(0, home.lastIndexOf(`${path.sep}node_modules${path.sep}onnxruntime-node`));
  if (npm === null || !existsSync(path.join(project, 'package.json'))) {
    return `${flavour} node ${path.join(home, 'script', 'install.js')}`;
  }
  const approve = Number(npm.split('.')[0]) >= 12 ? 'npm approve-scripts onnxruntime-node && ' : '';
  const enter = path.relative(project, cwd) === '' ? '' : `cd ${project} && `;
  return `${enter}${approve}${flavour} npm rebuild onnxruntime-node --ignore-scripts=false`;
}
