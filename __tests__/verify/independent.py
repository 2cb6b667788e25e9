"""Predictions on reconstructed features by NumPy and SciPy alone, from stores that featreconstruct has written.

    python independent.py TRAIN_SOURCE TRAIN_TARGET TEST_SOURCE TEST_TARGET RCOND OUT.npy

Least squares with intercept from the source's logits to the target's features: float64, by the eigenvalues of the centred
Gram, those at or below RCOND of the largest cut. OUT gets the arg-max of the target's head on the reconstructed features of
each test image, int32. Nothing here shares code with the library, the reader of safetensors included.
"""

import sys

import numpy as np
from scipy.linalg import eigh
from stores import tensor

train_source, train_target, test_source, test_target, rcond, out = sys.argv[1:]


def read(path, name):
    return tensor(path, name).astype(np.float64)


x, y = read(train_source, "logits"), read(train_target, "features")
x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
x, y = x - x_mean, y - y_mean
values, vectors = eigh(x.T @ x)
kept = values > float(rcond) * values[-1]
values, vectors = values[kept], vectors[:, kept]
weight = (vectors / values) @ (vectors.T @ (x.T @ y))

features = (read(test_source, "logits") - x_mean) @ weight + y_mean
logits = features @ read(test_target, "head.weight").T + read(test_target, "head.bias")
np.save(out, logits.argmax(axis=1).astype(np.int32))
