"""The scikit-learn side of bench/fit.ts: `python fit.py FOLDER`, then a question a line on standard input, an answer in JSON
a line on standard output: `about`, or `full|deficient Q float64|float32` for the seconds of a fit from the float32
tensors in FOLDER, the quicker of two in a row. The cast to float64 is part of the fit, as it is in ours. Needs numpy, scikit-learn, threadpoolctl.
"""

import json
import sys
import time

import numpy as np
import sklearn
from sklearn.linear_model import Ridge
from threadpoolctl import threadpool_info

folder = sys.argv[1]
arrays = {}


def load(name):
    if name not in arrays:
        arrays[name] = np.load(f"{folder}/{name}.npy")
    return arrays[name]


def about():
    blas = [
        f"{pool['internal_api']} {pool['version']} ({pool.get('architecture', 'unknown')}, {pool['num_threads']} threads)"
        for pool in threadpool_info()
        if pool["user_api"] == "blas"
    ]
    return {"sklearn": sklearn.__version__, "numpy": np.__version__, "blas": ", ".join(sorted(set(blas)))}


def fit(gram, targets, dtype):
    x, y = load(gram), load(f"targets{targets}")
    times = []
    for _ in range(2):
        begun = time.perf_counter()
        Ridge(alpha=1, solver="cholesky").fit(x.astype(dtype, copy=False), y.astype(dtype, copy=False))
        times.append(time.perf_counter() - begun)
    return min(times)


for line in sys.stdin:
    words = line.split()
    print(json.dumps(about() if words == ["about"] else fit(*words)), flush=True)
