"""Reference answers for __tests__/fit/cross-validation.test.ts, written to __tests__/fixtures/fit/cross-validation.json:

    python __tests__/goldens/cross_validation.py        (needs numpy, scikit-learn)

GridSearchCV(Ridge(), cv=KFold(5)) over a grid of alphas on data that the tests compute too (integers from a hash, as in
fit.py), with contiguous folds, and with folds of rows shuffled by the same seeded generator (mulberry32) as the library's.
"""

import json
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, KFold

ALPHAS = [1e-3, 1.0, 30.0, 1e3, 1e4, 1e5, 1e6]


def integers(rows, cols, seed):
    """Integers from -8 to 8 by MurmurHash3's finaliser; `integers` in __tests__/fit/data.ts is the same."""
    x = np.arange(rows * cols, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(seed)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return (x % 17).astype(np.float64).reshape(rows, cols) - 8


def data(n, p, q, k):
    """Correlated inputs (n, p) through k dimensions and a little of their own; targets (n, q), mostly noise."""
    x = integers(n, k, 1) @ integers(k, p, 2) + integers(n, p, 3) + 5
    y = x @ integers(p, q, 4) / 64 + 8 * integers(n, q, 5) - 3
    return x, y


def permutation(n, seed):
    """Fisher and Yates on mulberry32, as in lib/fit/folds.ts."""
    state = seed

    def random():
        nonlocal state
        state = (state + 0x6D2B79F5) % 2**32
        t = (state ^ (state >> 15)) * (state | 1) % 2**32
        t ^= (t + (t ^ (t >> 7)) * (t | 61)) % 2**32
        return (t ^ (t >> 14)) / 2**32

    order = list(range(n))
    for i in range(n - 1, 0, -1):
        j = int(random() * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order


def search(x, y, cv, intercept=True):
    grid = GridSearchCV(
        Ridge(solver="svd", fit_intercept=intercept), {"alpha": ALPHAS}, cv=cv, scoring="neg_mean_squared_error"
    ).fit(x, y)
    folds = grid.n_splits_
    return {
        "alpha": grid.best_params_["alpha"],
        "mse": (-grid.cv_results_["mean_test_score"]).tolist(),
        "perFold": [
            [-float(grid.cv_results_[f"split{k}_test_score"][i]) for k in range(folds)] for i in range(len(ALPHAS))
        ],
    }


def main():
    n = 103
    x, y = data(n, 9, 4, 5)
    order = permutation(n, 7)
    shuffled = [
        (np.sort([order[i] for i in train]), np.sort([order[i] for i in test])) for train, test in KFold(5).split(x)
    ]
    out = {
        "alphas": ALPHAS,
        "order": order,
        "contiguous": search(x, y, KFold(5)),
        "shuffled": search(x, y, shuffled),
        "threeNoIntercept": search(x, y, KFold(3), intercept=False),
    }
    path = Path(__file__).parent.parent / "fixtures" / "fit" / "cross-validation.json"
    path.write_text(json.dumps(out, indent=1) + "\n")
    for name in ("contiguous", "shuffled", "threeNoIntercept"):
        print(name, out[name]["alpha"], out[name]["mse"])


main()
