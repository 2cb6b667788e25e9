import type { Progress } from '../../lib/base/index.js';

/** Whether progress is that of the extraction itself: on a busy machine images are read before it in a stage of their own. */
export const isExtraction = ({ stage }: Progress): boolean => stage.startsWith('extract ');
