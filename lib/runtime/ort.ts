import { FeatReconstructError } from '../base/index.js';

type OnnxRuntime = typeof import('onnxruntime-node');

let loading: Promise<OnnxRuntime> | undefined;

/**
 * ONNX Runtime, loaded when it is first needed: its native library takes longer to load than the rest of the program.
 * @throws FeatReconstructError where the package has no build for this platform
 */
export function loadRuntime(): Promise<OnnxRuntime> {
  loading ??= import('onnxruntime-node').catch((error: unknown) => {
    throw new FeatReconstructError(
      `Expected ONNX Runtime's library for ${process.platform} ${process.arch}, found that it does not load: ${(error as Error).message}. onnxruntime-node has builds for Linux (glibc) and Windows on x64 and arm64, and macOS on arm64; reinstall it with npm.`,
      { code: 'unavailable', cause: error },
    );
  });
  return loading;
}
