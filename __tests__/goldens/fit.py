"""Reference answers for __tests__/fit, written to __tests__/fixtures/fit/goldens.json:

    python __tests__/goldens/fit.py        (needs numpy, scipy, mpmath)

The data are small integers (times powers of two) from a hash that the tests compute too, so that both sides hold the same
numbers to the bit and nothing but the answers is stored. The answers come from a singular value decomposition of the
centred X, never from its Gram, which is what they are there to check; the ill-conditioned one from 80-digit arithmetic.
"""

import json
from pathlib import Path

import mpmath
import numpy as np
import scipy.linalg

# Relative to the largest eigenvalue of the Gram, hence its root for singular values.
RCOND = 1e-12


def integers(rows, cols, seed):
    """Integers from -8 to 8 by MurmurHash3's finaliser; `integers` in __tests__/fit/data.ts is the same."""
    x = np.arange(rows * cols, dtype=np.uint32) * np.uint32(0x9E3779B1) + np.uint32(seed)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x85EBCA6B)
    x ^= x >> np.uint32(13)
    x *= np.uint32(0xC2B2AE35)
    x ^= x >> np.uint32(16)
    return (x % 17).astype(np.float64).reshape(rows, cols) - 8


def least_squares(x, y, alpha=0.0, intercept=True, prior=None, rcond=RCOND):
    """Minimum-norm ridge by SVD; returns weight (q, p), bias (q), rank, condition of the Gram, gap at the cut."""
    weight0, bias0 = prior if prior is not None else (np.zeros((y.shape[1], x.shape[1])), np.zeros(y.shape[1]))
    residual = y - x @ weight0.T - bias0
    mean_x, mean_y = x.mean(0), residual.mean(0)
    if not intercept:
        mean_x, mean_y = np.zeros_like(mean_x), np.zeros_like(mean_y)
    u, s, vt = scipy.linalg.svd(x - mean_x, full_matrices=False)
    eigenvalues = np.concatenate([s**2, np.zeros(x.shape[1] - len(s))]) + alpha
    kept = s**2 + alpha > rcond * eigenvalues[0]
    rank = int((eigenvalues > rcond * eigenvalues[0]).sum())
    filtered = s[kept] / (s[kept] ** 2 + alpha)
    delta = ((u[:, kept].T @ (residual - mean_y)).T * filtered) @ vt[kept]
    return {
        "weight": (weight0 + delta).tolist(),
        "bias": (bias0 + mean_y - delta @ mean_x).tolist(),
        "rank": rank,
        "condition": float(eigenvalues[0] / eigenvalues[rank - 1]),
    }


def ill_conditioned(x, y):
    """The same at full rank in 80 digits."""
    mpmath.mp.dps = 80
    n, p = x.shape
    augmented = mpmath.matrix(np.hstack([x, np.ones((n, 1))]).tolist())
    gram = augmented.T * augmented
    solution = mpmath.inverse(gram) * (augmented.T * mpmath.matrix(y.tolist()))
    table = np.array([[float(solution[i, j]) for j in range(y.shape[1])] for i in range(p + 1)])
    eigenvalues = scipy.linalg.svdvals(x - x.mean(0)) ** 2
    return {
        "weight": table[:p].T.tolist(),
        "bias": table[p].tolist(),
        "rank": p,
        "condition": float(eigenvalues[0] / eigenvalues[-1]),
    }


def cases():
    x, y = integers(300, 12, 1), integers(300, 5, 2)
    yield "ordinary", least_squares(x, y)
    yield "ridge", least_squares(x, y, alpha=1000.0)
    yield "noIntercept", least_squares(x, y, intercept=False)
    prior = integers(5, 12, 3) / 8, integers(1, 5, 4)[0]
    yield "prior", least_squares(x, y, prior=prior)
    yield "priorRidge", least_squares(x, y, prior=prior, alpha=1000.0)
    yield "priorNoIntercept", least_squares(x, y, prior=prior, alpha=1000.0, intercept=False)

    x, y = integers(10, 20, 5), integers(10, 4, 6)
    prior = integers(4, 20, 7) / 8, integers(1, 4, 8)[0]
    yield "fewRows", least_squares(x, y)
    yield "fewRowsPrior", least_squares(x, y, prior=prior)
    yield "fewRowsNoIntercept", least_squares(x, y, intercept=False)

    x, y = integers(200, 9, 9), integers(200, 3, 10)
    x[:, 2] = 0
    x[:, 4] = 7
    x[:, 5] = x[:, 1]
    x[:, 8] = x[:, 0] - 2 * x[:, 3]
    yield "degenerateColumns", least_squares(x, y)

    x, y = integers(300, 8, 11) + 1e6, integers(300, 3, 12) - 1e6
    yield "largeMeans", least_squares(x, y)

    z = integers(400, 11, 13)
    yield "illConditioned", ill_conditioned(1024 * z[:, :1] + z[:, 1:] / 1024, integers(400, 3, 14))

    # Several blocks of rows, the last one short, and several of the factorisation's own blocks.
    yield "manyRows", least_squares(integers(9000, 30, 15), integers(9000, 4, 16))
    x, y = integers(1200, 300, 17), integers(1200, 6, 18)
    yield "wide", least_squares(x, y)
    x = integers(1200, 170, 19) @ integers(170, 300, 20)
    yield "wideDeficient", least_squares(x, y)


def heads():
    for name, w in {
        "tall": integers(40, 12, 31),
        "flat": integers(12, 40, 32),
        "deficient": integers(40, 7, 33) @ integers(7, 12, 34),
        "steep": integers(40, 12, 35) @ np.diag(2.0 ** -np.arange(12)),
    }.items():
        s = scipy.linalg.svdvals(w)
        rank = int((s > 1e-6 * s[0]).sum())
        yield name, {
            "rank": rank,
            "condition": float(s[0] / s[rank - 1]),
            "pseudoInverse": scipy.linalg.pinv(w, rtol=1e-6).tolist(),
        }


def spectra():
    a = integers(60, 60, 51)
    yield "sixty", np.linalg.eigvalsh(a + a.T)[::-1].tolist()


out = Path(__file__).parent.parent / "fixtures" / "fit" / "goldens.json"
out.write_text(
    json.dumps({"fits": dict(cases()), "heads": dict(heads()), "spectra": dict(spectra())}, separators=(",", ":")) + "\n"
)
