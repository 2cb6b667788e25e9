import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { FeatReconstructError } from '../base/index.js';

type OnnxRuntime = typeof import('onnxruntime-node');

const require = createRequire(import.meta.url);
let loading: Promise<OnnxRuntime> | undefined;

/**
 * ONNX Runtime, loaded when it is first needed: its native library takes longer than the rest of the program.
 * @throws FeatReconstructError where the package has no build for this platform
 */
export function loadRuntime(): Promise<OnnxRuntime> {
  loading ??= import('onnxruntime-node').catch((error: unknown) => {
    throw new FeatReconstructError(
      `Expected ONNX Runtime's library for ${process.platform} ${process.arch}, found that it does not load: ${(error as Error).message}. onnxruntime-node has builds for Linux (glibc) and Windows on x64 and arm64, and macOS on arm64; reinstall it with npm.`,
      { cause: error },
    );
  });
  return loading;
}

/** Version of onnxruntime-node; read from its package.json, without loading it. */
export function runtimeVersion(): string {
  const text = readFileSync(require.resolve('onnxruntime-node/package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The folder of the package onnxruntime-node. */
export const runtimePackage = (): string => path.dirname(require.resolve('onnxruntime-node/package.json'));

/** Where the native libraries lie; those of providers that are not bundled belong there too. */
export const runtimeFolder = (): string =>
  path.join(runtimePackage(), 'bin', 'napi-v6', process.platform, process.arch);
