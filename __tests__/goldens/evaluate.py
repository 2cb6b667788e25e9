"""Reference figures for lib/evaluate and lib/sgd/sgd.ts, from NumPy, SciPy, scikit-learn and PyTorch.

Run from the repository's root with numpy, scipy, scikit-learn and torch (CPU) installed:

    python __tests__/goldens/evaluate.py

writes __tests__/fixtures/evaluate/{agreement,reconstruction,map,sgd}.json: the inputs and what the libraries say of them.
Inputs are multiples of 2^-10, so that JSON, float32 and float64 hold the same numbers.
"""

import json
import pathlib

import numpy as np
import torch
from scipy.stats import binomtest
from sklearn.metrics import cohen_kappa_score, r2_score

out = pathlib.Path(__file__).parent.parent / "fixtures" / "evaluate"
out.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(7)


def grid(a):
    return np.round(np.asarray(a, np.float64) * 1024) / 1024


def normal(*shape, scale=1.0):
    return grid(rng.standard_normal(shape) * scale)


def write(name, value):
    def plain(x):
        if isinstance(x, np.ndarray):
            return x.tolist()
        if isinstance(x, np.generic):
            return x.item()
        if isinstance(x, dict):
            return {k: plain(v) for k, v in x.items()}
        if isinstance(x, (list, tuple)):
            return [plain(v) for v in x]
        return x

    (out / f"{name}.json").write_text(json.dumps(plain(value), separators=(",", ":"), allow_nan=False) + "\n")


def agreement(z, zhat, ks):
    n, c = z.shape
    first, second = z.argmax(1), zhat.argmax(1)
    agreed = int((first == second).sum())
    interval = binomtest(agreed, n).proportion_ci(0.95, method="wilson")
    order = np.argsort(-zhat, axis=1, kind="stable")
    tied = lambda a: (a == a.max(1, keepdims=True)).sum(1) > 1
    counts = np.bincount(first, minlength=c)
    kappa = cohen_kappa_score(first, second, labels=np.arange(c))
    return {
        "n": n,
        "agreed": agreed,
        "agreement": agreed / n,
        "interval": [interval.low, interval.high],
        "topk": {str(k): float((order[:, :k] == first[:, None]).any(1).mean()) for k in ks},
        "kappa": None if np.isnan(kappa) else float(kappa),
        "majorityShare": counts.max() / n,
        "distinctClasses": int((counts > 0).sum()),
        "ties": int((tied(z) | tied(zhat)).sum()),
    }


def row_space(w):
    u, s, vt = np.linalg.svd(w, full_matrices=False)
    return vt[s > s[0] * 1e-10].T


def reconstruction(y, yhat, w):
    n, d = y.shape
    error = yhat - y
    totals = {
        size: float(sum(np.mean(error[i : i + size] ** 2) for i in range(0, n, size))) for size in (256, 16)
    }
    centred = y - y.mean(0)
    varies = y.std(0) > 0
    per_feature = r2_score(y[:, varies], yhat[:, varies], multioutput="raw_values")
    basis = row_space(w)
    outside = np.eye(d) - basis @ basis.T
    r2 = lambda project: 1 - ((error @ project) ** 2).sum() / ((centred @ project) ** 2).sum()
    names = ["min", "q05", "q25", "median", "q75", "q95", "max"]
    quantiles = dict(zip(names, np.quantile(per_feature, [0, 0.05, 0.25, 0.5, 0.75, 0.95, 1])))
    return {
        "n": n,
        "mse": np.mean(error**2),
        "mseTotal256": totals[256],
        "mseTotal16": totals[16],
        "variance": y.var(0).mean(),
        # r2_score's "variance_weighted" leaves the errors of constant features out; here they count.
        "r2": r2(np.eye(d)),
        "r2PerFeature": {**quantiles, "constant": int((~varies).sum())},
        "r2RowSpace": r2(basis),
        "r2NullSpace": None if basis.shape[1] == d else r2(outside),
    }


# Agreement: more classes than features, fewer, exact ties, and answers that collapse.
cases = []
for name, n, d, c, noise in [("d < c", 53, 5, 9, 0.4), ("d > c", 41, 8, 3, 0.7)]:
    w, b, f = normal(c, d), normal(c), normal(n, d)
    fhat = grid(f + noise * rng.standard_normal((n, d)))
    z = f @ w.T + b
    cases.append({"name": name, "weight": w, "bias": b, "features": fhat, "logits": z})
w, f = np.eye(4), rng.integers(0, 3, (60, 4)).astype(float)
g = rng.integers(0, 3, (60, 4)).astype(float)
cases.append({"name": "ties", "weight": w, "bias": np.zeros(4), "features": g, "logits": f})
b = np.array([0.0, 50.0, 0.0])
w, f = normal(3, 4), normal(20, 4)
cases.append({"name": "one class", "weight": w, "bias": b, "features": grid(f * 0.5), "logits": f @ w.T + b})
for case in cases:
    zhat = case["features"] @ case["weight"].T + case["bias"]
    case["expected"] = agreement(case["logits"], zhat, [1, 2, 5])
write("agreement", cases)

# Reconstruction: batches that do not divide n, a constant feature, large means, heads of several ranks.
cases = []
for name, n, d, head in [
    ("more classes than features", 300, 4, normal(9, 4)),
    ("fewer classes than features", 529, 7, normal(3, 7)),
    ("rank-deficient head", 40, 6, grid(rng.integers(-3, 4, (5, 2)) @ rng.integers(-3, 4, (2, 6)))),
]:
    y = grid(normal(n, d) * np.linspace(0.2, 3, d) + np.linspace(-4, 1000, d))
    y[:, 1] = 2.5
    yhat = grid(y + 0.3 * rng.standard_normal((n, d)))
    cases.append(
        {"name": name, "weight": head, "features": y, "reconstructed": yhat, "expected": reconstruction(y, yhat, head)}
    )
write("reconstruction", cases)

# A whole evaluation: source outputs of rank 3 in 6 dimensions, the last ten images outside their span.
n, p, d, c = 47, 6, 5, 4
directions, mean = normal(3, p), normal(p)
x = normal(n, 3) @ directions + mean
x[37:] += 0.3 * rng.standard_normal((10, p))
a, a0, w, b = normal(d, p), normal(d), normal(c, d), normal(c)
yhat = x @ a.T + a0
y = yhat + 0.8 * rng.standard_normal((n, d))
z = y @ w.T + b
zhat = yhat @ w.T + b
basis = np.linalg.qr(directions.T)[0]
centred = x - mean
residual = np.linalg.norm(centred - centred @ basis @ basis.T, axis=1) / np.linalg.norm(centred, axis=1)
first, second = z.argmax(1), zhat.argmax(1)
labels = np.where(rng.random(n) < 0.5, first, rng.integers(-1, c, n))
inside = residual <= 1e-5
top2 = np.sort(z, axis=1)[:, -2:]
margin = top2[:, 1] - top2[:, 0]
known = labels >= 0
tenths = [np.argsort(margin, kind="stable")[i * n // 10 : (i + 1) * n // 10] for i in range(10)]
write(
    "map",
    {
        "head": {"weight": w, "bias": b},
        "map": {"weight": a, "bias": a0},
        "span": {"mean": mean, "basis": basis},
        "x": x,
        "y": y,
        "z": z,
        "labels": labels,
        "expected": {
            "agreement": agreement(z, zhat, [2]),
            "reconstruction": reconstruction(y, yhat, w),
            "span": {
                "n": inside.sum(),
                "share": inside.mean(),
                "agreed": (first == second)[inside].sum(),
                "agreement": (first == second)[inside].mean(),
            },
            "residual": residual,
            "minMargin": margin.min(),
            "agreementByMargin": [
                {
                    "from": margin[rows].min(),
                    "to": margin[rows].max(),
                    "n": len(rows),
                    "agreement": (first == second)[rows].mean(),
                }
                for rows in tenths
            ],
            "violations": np.flatnonzero(
                (first != second) & inside & (margin > 1e-4 * np.abs(z).max(1))
            ),
            "originalClass": first,
            "reconstructedClass": second,
            "accuracy": {
                "n": known.sum(),
                "original": (first == labels)[known].mean(),
                "reconstructed": (second == labels)[known].mean(),
            },
        },
    },
)

# SGD as PyTorch does it, float32: batches in the data's order, the last one smaller.
n, p, q, batch, epochs, rate, momentum = 70, 6, 4, 16, 5, 0.05, 0.9
x, y = normal(n, p), normal(n, q)
w0, b0 = normal(q, p, scale=0.3), normal(q, scale=0.3)
layer = torch.nn.Linear(p, q)
with torch.no_grad():
    layer.weight.copy_(torch.tensor(w0))
    layer.bias.copy_(torch.tensor(b0))
optimiser = torch.optim.SGD(layer.parameters(), lr=rate, momentum=momentum)
tx, ty = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
losses = []
for _ in range(epochs):
    total = 0.0
    for i in range(0, n, batch):
        optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(layer(tx[i : i + batch]), ty[i : i + batch])
        loss.backward()
        optimiser.step()
        total += loss.item()
    losses.append(total)
extended = np.hstack([x, np.ones((n, 1))])
largest = np.linalg.eigvalsh(2 / q * extended.T @ extended / n)[-1]
write(
    "sgd",
    {
        "x": x,
        "y": y,
        "initial": {"weight": w0, "bias": b0},
        "options": {"batchSize": batch, "epochs": epochs, "learningRate": rate, "momentum": momentum},
        "expected": {
            "weight": layer.weight.detach().double().numpy(),
            "bias": layer.bias.detach().double().numpy(),
            "loss": losses,
            "stabilityLimit": 2 * (1 + momentum) / largest,
        },
    },
)
