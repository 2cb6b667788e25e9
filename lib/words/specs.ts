import { visible } from '../base/index.js';

/**
 * A data set's spec to be shown, without the folders of a path or control characters: `folder:/a/b/scenes` →
 * `folder:scenes`.
 */
export const shortSpec = (spec: string): string =>
  visible(spec.replace(/^(folder|imagefolder|list|tensors):.*[\\/](?=[^\\/])/s, '$1:'));
