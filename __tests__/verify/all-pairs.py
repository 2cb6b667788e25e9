"""Every map of experiment 4 pair by pair, from stores that featreconstruct has written, by NumPy, SciPy and scikit-learn.

    python all-pairs.py RCOND OUT.npy TRAIN_1 TEST_1 TRAIN_2 TEST_2 ...

OUT gets the arg-max of each target's head on its reconstructed features: (3, models, models, images) int32, source by
target, read from logits in float64 (W f + b of the stored features and head), from features, and from the stored logits,
which float32 has rounded. OUT.margins.npy, of the same shape: top-2 margin over the largest absolute logit. Least squares as in
independent.py. Prints one line of JSON: the seconds that scikit-learn's Ridge(alpha=1, solver="cholesky") takes in float64
for the same maps, from the same float32 tensors.
"""

import json
import sys
import time

import numpy as np
from scipy.linalg import eigh
from sklearn.linear_model import Ridge
from stores import tensor

rcond, out = float(sys.argv[1]), sys.argv[2]
models = list(zip(sys.argv[3::2], sys.argv[4::2]))
kinds = ("logits", "features")
train = [{kind: tensor(path, kind) for kind in kinds} for path, _ in models]
test = [{kind: tensor(path, kind) for kind in kinds} for _, path in models]
heads = [
    (tensor(path, "head.weight").astype(np.float64), tensor(path, "head.bias").astype(np.float64)) for path, _ in models
]

images = len(test[0]["logits"])
predictions = np.empty((3, len(models), len(models), images), np.int32)
margins = np.empty(predictions.shape)


def read(tensors, i, kind):
    """(n, p) in float64: what a map reads of model i."""
    if kind != "exact logits":
        return tensors[i][kind].astype(np.float64)
    head, bias = heads[i]
    return tensors[i]["features"].astype(np.float64) @ head.T + bias


for k, kind in enumerate(("exact logits", "features", "logits")):
    for i in range(len(models)):
        x = read(train, i, kind)
        x_mean = x.mean(axis=0)
        x -= x_mean
        values, vectors = eigh(x.T @ x)
        kept = values > rcond * values[-1]
        values, vectors = values[kept], vectors[:, kept]
        held = read(test, i, kind) - x_mean
        for j, target in enumerate(train):
            y = target["features"].astype(np.float64)
            y_mean = y.mean(axis=0)
            weight = (vectors / values) @ (vectors.T @ (x.T @ (y - y_mean)))
            head, bias = heads[j]
            logits = (held @ weight + y_mean) @ head.T + bias
            predictions[k, i, j] = logits.argmax(axis=1)
            second, first = np.partition(logits, -2, axis=1)[:, -2:].T
            margins[k, i, j] = (first - second) / np.abs(logits).max(axis=1)
np.save(out, predictions)
np.save(f"{out}.margins.npy", margins)

seconds = 0.0
for kind in kinds:
    for source in train:
        for target in train:
            begun = time.perf_counter()
            x, y = source[kind].astype(np.float64), target["features"].astype(np.float64)
            Ridge(alpha=1, solver="cholesky").fit(x, y)
            seconds += time.perf_counter() - begun
print(json.dumps({"ridgeSeconds": seconds, "maps": 2 * len(models) ** 2}))
