/** Opens a model, and prints what that took: seconds, and resident bytes at the end. For `node --expose-gc --import tsx`. */
import { loadModel } from '../../lib/runtime/index.js';

const begun = performance.now();
const model = await loadModel(process.argv[2], { checkpoint: { graph: process.argv[3] } });
const seconds = (performance.now() - begun) / 1000;
(globalThis as { gc?: () => void }).gc?.();
process.stdout.write(JSON.stringify({ seconds, bytes: process.memoryUsage().rss, classes: model.classCount }));
