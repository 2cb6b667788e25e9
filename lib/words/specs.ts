import { visible } from '../base/index.js';

/** A data set as people call it, as a name that only shows: `folder:/a/b/scenes` → `folder:scenes`. */
export const shortSpec = (spec: string): string =>
  visible(spec.replace(/^(folder|imagefolder|list|tensors):.*[\\/](?=[^\\/])/s, '$1:'));
