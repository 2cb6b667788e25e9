/** What a model gives for n inputs. */
export interface ModelOutput {
  /** (n, d), row-major */
  features: Float32Array;
  /** (n, c), row-major */
  logits: Float32Array;
}
