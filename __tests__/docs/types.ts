import path from 'node:path';
import ts from 'typescript';
import { root } from './pages.js';

/**
 * Type-checks blocks of TypeScript as files of a project that has this package installed.
 * @param blocks by name
 * @param more options of the compiler, beside those of this project
 * @returns what is wrong, each with the name of its block and the line in it
 */
export function typeErrors(blocks: ReadonlyMap<string, string>, more: ts.CompilerOptions = {}): string[] {
  const { config } = ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, root);
  Object.assign(options, { noEmit: true, rootDir: root, incremental: false, tsBuildInfoFile: undefined });
  Object.assign(options, { noUnusedLocals: false, noUnusedParameters: false, isolatedModules: false }, more);
  const files = new Map([...blocks].map(([name, text], i) => [path.join(root, `block-${i}.ts`), { name, text }]));
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.getSourceFile = (file, version, ...rest) => {
    const block = files.get(path.normalize(file));
    // An empty export makes a module of a block without imports.
    return block
      ? ts.createSourceFile(file, `${block.text}\nexport {};\n`, version)
      : getSourceFile.call(host, file, version, ...rest);
  };
  host.fileExists = (file) => files.has(path.normalize(file)) || fileExists.call(host, file);
  const program = ts.createProgram([...files.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, ' ');
    if (!file) return text;
    const name = files.get(path.normalize(file.fileName))?.name ?? file.fileName;
    return `${name}, its line ${file.getLineAndCharacterOfPosition(start).line + 1}: ${text}`;
  });
}
