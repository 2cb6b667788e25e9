"""The NumPy side of bench/stream.ts: `python stream.py ROWS P Q`. Centred sums of products in float64 of blocks of 4,096 float32
rows, merged as they come; of the symmetric part the half that is needed cannot be asked for, so XᵀX is formed whole. Beside
it, where it is installed, scikit-learn's Ridge (Cholesky, float64), which takes all rows at once: of as many as 2 GiB hold.
"""

import json
import resource
import sys
import time

import numpy as np

rows, p, q = map(int, sys.argv[1:])
block = 4096
rng = np.random.default_rng(1)
x32, y32 = rng.normal(size=(block, p)).astype(np.float32), rng.normal(size=(block, q)).astype(np.float32)

begun = time.perf_counter()
n, mean_x, mean_y, gram, cross = 0, np.zeros(p), np.zeros(q), np.zeros((p, p)), np.zeros((p, q))
while n < rows:
    count = min(block, rows - n)
    x, y = x32[:count].astype(np.float64), y32[:count].astype(np.float64)
    bx, by = x.mean(0), y.mean(0)
    x -= bx
    y -= by
    dx, dy = bx - mean_x, by - mean_y
    factor = n * count / (n + count)
    gram += x.T @ x + factor * np.outer(dx, dx)
    cross += x.T @ y + factor * np.outer(dx, dy)
    mean_x += dx * count / (n + count)
    mean_y += dy * count / (n + count)
    n += count
seconds = time.perf_counter() - begun
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def ridge():
    try:
        from sklearn.linear_model import Ridge
    except ImportError:
        return None
    some = min(rows, 2**31 // (8 * (p + q)))
    # The blocks again, which would be singular were they only repeated.
    x = np.resize(x32, (some, p)).astype(np.float64) + 1e-3 * rng.normal(size=(some, p))
    y = np.resize(y32, (some, q)).astype(np.float64)
    begun = time.perf_counter()
    Ridge(alpha=1e-6, solver="cholesky", copy_X=False).fit(x, y)
    spent = time.perf_counter() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": some, "seconds": spent, "rowsPerSecond": some / spent, "peakMiB": peak}


numpy = {"rows": n, "seconds": seconds, "rowsPerSecond": n / seconds, "peakMiB": peak}
print(json.dumps({"numpy": numpy, "sklearn": ridge()}))
