/** runtime: ONNX Runtime's sessions and providers. The only room that imports onnxruntime-node. */
export { createSession } from './session.js';
export type { GraphSession, GraphTensor, SessionOptions, SessionValue } from './session.js';
