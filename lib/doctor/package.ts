import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);

/** Version of onnxruntime-node; read from its package.json, without loading it. */
export function runtimeVersion(): string {
  const text = readFileSync(require.resolve('onnxruntime-node/package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The folder of the package onnxruntime-node. */
export const runtimePackage = (): string => path.dirname(require.resolve('onnxruntime-node/package.json'));

/** The folder of the native libraries; those of providers that are not bundled belong there, too. */
export const runtimeFolder = (): string =>
  path.join(runtimePackage(), 'bin', 'napi-v6', process.platform, process.arch);
