"""Predictions on reconstructed features by NumPy and SciPy alone, from stores that featreconstruct has written.

    python independent.py TRAIN_SOURCE TRAIN_TARGET TEST_SOURCE TEST_TARGET RCOND OUT.npy

Least squares with intercept from the source's logits to the target's features: float64, by the eigenvalues of the centred
Gram, those at or below RCOND of the largest cut. OUT gets the arg-max of the target's head on the reconstructed features of
each test image, int32. Nothing here shares code with the library, the reader of safetensors included.
"""

import json
import sys

import numpy as np
from scipy.linalg import eigh

TYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4"}


def tensor(path, name):
    """A tensor of a safetensors file: 8 bytes of length, that many of JSON, the numbers."""
    with open(path, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(length))[name]
        start, end = entry["data_offsets"]
        file.seek(8 + length + start)
        return np.frombuffer(file.read(end - start), TYPES[entry["dtype"]]).reshape(entry["shape"]).astype(np.float64)


train_source, train_target, test_source, test_target, rcond, out = sys.argv[1:]

x, y = tensor(train_source, "logits"), tensor(train_target, "features")
x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
x, y = x - x_mean, y - y_mean
values, vectors = eigh(x.T @ x)
kept = values > float(rcond) * values[-1]
values, vectors = values[kept], vectors[:, kept]
weight = (vectors / values) @ (vectors.T @ (x.T @ y))

features = (tensor(test_source, "logits") - x_mean) @ weight + y_mean
logits = features @ tensor(test_target, "head.weight").T + tensor(test_target, "head.bias")
np.save(out, logits.argmax(axis=1).astype(np.int32))
