import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { openDataset } from '../../lib/datasets/index.js';
import { bin } from '../cli/support.js';
import { root } from './pages.js';
import { parseShell, type ShellCommand } from './shell.js';

/**
 * Where a page's blocks are run, one after the other as a reader would: a folder with the models of the demo, the
 * package installed, and `photos/`, 240 drawn images in a folder for each class.
 */
export class Scratch {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'featreconstruct-docs-'));
  private count = 0;

  async fill(): Promise<void> {
    await mkdir(path.join(this.folder, 'node_modules'));
    const link = (from: string, to: string): void =>
      symlinkSync(path.join(root, from), path.join(this.folder, to), 'junction');
    link('.', 'node_modules/featreconstruct');
    for (const name of ['onnx', 'examples', 'docs']) link(name, name);
    await writeFile(path.join(this.folder, 'package.json'), '{ "type": "module" }');
    await this.writePhotos();
  }

  private async writePhotos(): Promise<void> {
    const { Jimp } = await import('jimp');
    const dataset = await openDataset('synthetic:test[0:240]');
    for await (const { id, label, image } of dataset.samples()) {
      const { width, height, data } = image!;
      const picture = new Jimp({ width, height });
      for (let i = 0; i < width * height; i++)
        picture.bitmap.data.set([...data.subarray(3 * i, 3 * i + 3), 255], 4 * i);
      const folder = path.join(this.folder, 'photos', `class-${String(label).padStart(2, '0')}`);
      await mkdir(folder, { recursive: true });
      await writeFile(path.join(folder, `${id.replace(/\W/g, '-')}.png`), await picture.getBuffer('image/png'));
    }
    await dataset.close();
  }

  /** Runs a block. @returns what it printed @throws where a command ends with an exit code other than 0 */
  run(language: string, text: string): string {
    return language === 'ts' ? this.runTypeScript(text) : this.runShell(text);
  }

  private runTypeScript(text: string): string {
    const { outputText } = ts.transpileModule(text, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    const file = path.join(this.folder, `block-${++this.count}.mjs`);
    ts.sys.writeFile(file, outputText);
    return this.start(process.execPath, [file]);
  }

  private runShell(text: string): string {
    const exported: Record<string, string> = {};
    return parseShell(text)
      .map(({ words, env }) => {
        if (words.length === 0) Object.assign(exported, env);
        return words.length === 0 ? '' : this.runCommand(words, { ...exported, ...env });
      })
      .join('');
  }

  private runCommand(words: string[], env: ShellCommand['env']): string {
    const [program, ...args] = words[0] === 'npx' ? words.slice(1) : words;
    if (program === 'featreconstruct') {
      return this.start(process.execPath, [bin, ...args.flatMap((word) => this.expand(word))], env);
    }
    throw new Error(`expected a command that can be run in the documentation's tests, found ${program}`);
  }

  /** `onnx/demo/*.onnx`: a star in the last name of a path. */
  private expand(word: string): string[] {
    const { dir, base } = path.posix.parse(word);
    if (!base.includes('*')) return [word];
    const [before, after] = base.split('*');
    return readdirSync(path.join(this.folder, dir))
      .filter((name) => name.startsWith(before) && name.endsWith(after))
      .sort()
      .map((name) => path.posix.join(dir, name));
  }

  private start(program: string, args: string[], env: ShellCommand['env'] = {}): string {
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: this.folder,
      encoding: 'utf8',
      env: { ...process.env, FEATRECONSTRUCT_DATA: path.join(this.folder, 'data'), NO_COLOR: '1', ...env },
    });
    if (status !== 0) throw new Error(`${args.join(' ')}: exit code ${status}\n${stderr}\n${stdout}`);
    return stdout;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
