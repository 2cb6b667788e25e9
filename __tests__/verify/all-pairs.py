"""Every map of experiment 4 pair by pair, from stores that featreconstruct has written, by NumPy, SciPy and scikit-learn.

    python all-pairs.py RCOND OUT.npy TRAIN_1 TEST_1 TRAIN_2 TEST_2 ...

OUT gets the arg-max of each target's head on its reconstructed features: (2, models, models, images) int32, from logits
and from features, source by target. Least squares as in independent.py. Prints one line of JSON: the seconds that
scikit-learn's Ridge(alpha=1, solver="cholesky") takes in float64 for the same maps, from the same float32 tensors.
"""

import json
import sys
import time

import numpy as np
from scipy.linalg import eigh
from sklearn.linear_model import Ridge

TYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4"}


def tensor(path, name):
    """A tensor of a safetensors file: 8 bytes of length, that many of JSON, the numbers."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(length))[name]
        start, end = entry["data_offsets"]
        file.seek(8 + length + start)
        return np.frombuffer(file.read(end - start), TYPES[entry["dtype"]]).reshape(entry["shape"])


rcond, out = float(sys.argv[1]), sys.argv[2]
models = list(zip(sys.argv[3::2], sys.argv[4::2]))
kinds = ("logits", "features")
train = [{kind: tensor(path, kind) for kind in kinds} for path, _ in models]
test = [{kind: tensor(path, kind) for kind in kinds} for _, path in models]
heads = [
    (tensor(path, "head.weight").astype(np.float64), tensor(path, "head.bias").astype(np.float64)) for path, _ in models
]

predictions = np.empty((2, len(models), len(models), len(test[0]["logits"])), np.int32)
for k, kind in enumerate(kinds):
    for i, source in enumerate(train):
        x = source[kind].astype(np.float64)
        x_mean = x.mean(axis=0)
        x -= x_mean
        values, vectors = eigh(x.T @ x)
        kept = values > rcond * values[-1]
        values, vectors = values[kept], vectors[:, kept]
        held = test[i][kind].astype(np.float64) - x_mean
        for j, target in enumerate(train):
            y = target["features"].astype(np.float64)
            y_mean = y.mean(axis=0)
            weight = (vectors / values) @ (vectors.T @ (x.T @ (y - y_mean)))
            head, bias = heads[j]
            predictions[k, i, j] = ((held @ weight + y_mean) @ head.T + bias).argmax(axis=1)
np.save(out, predictions)

seconds = 0.0
for kind in kinds:
    for source in train:
        for target in train:
            begun = time.perf_counter()
            x, y = source[kind].astype(np.float64), target["features"].astype(np.float64)
            Ridge(alpha=1, solver="cholesky").fit(x, y)
            seconds += time.perf_counter() - begun
print(json.dumps({"ridgeSeconds": seconds, "maps": 2 * len(models) ** 2}))
