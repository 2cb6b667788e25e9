"""Small arrays and what NumPy makes of them, for __tests__/cli/steps.test.ts.

    python __tests__/goldens/cli.py

Needs NumPy 2 and safetensors. Writes __tests__/fixtures/cli/: x.npy (60, 5) and y.npy (60, 3), float32; both.safetensors
with the same as `x` and `y` and the classes as `classes` (int64); head.safetensors, a linear map of 3 features to 4
classes; classes.npy (60), int32; expected.json: maps from x to y by least squares and by ridge regression with an
intercept, without one, and near another map; agreement of the head on what they give; errors.
"""

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

folder = Path(__file__).parents[1] / "fixtures" / "cli"
folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(5)
n, p, q, c = 60, 5, 3, 4
x = rng.normal(size=(n, p)).astype(np.float32)
y = (x @ rng.normal(size=(p, q)) + 0.7 * rng.normal(size=(n, q)) + 3).astype(np.float32)
head = {"weight": rng.normal(size=(c, q)).astype(np.float32), "bias": rng.normal(size=c).astype(np.float32)}
prior = {"weight": rng.normal(size=(q, p)).astype(np.float32), "bias": rng.normal(size=q).astype(np.float32)}


def logits(features):
    return features @ head["weight"].astype(np.float64).T + head["bias"]


classes = logits(y.astype(np.float64)).argmax(1)

np.save(folder / "x.npy", x)
np.save(folder / "y.npy", y)
np.save(folder / "classes.npy", classes.astype(np.int32))
save_file({"x": x, "y": y, "classes": classes}, folder / "both.safetensors")
save_file(head, folder / "head.safetensors")
save_file(prior, folder / "prior.safetensors")


def fit(alpha=0.0, intercept=True, near=None):
    X, Y = x.astype(np.float64), y.astype(np.float64)
    if near:
        Y = Y - (X @ near["weight"].astype(np.float64).T + near["bias"])
    mean_x, mean_y = (X.mean(0), Y.mean(0)) if intercept else (np.zeros(p), np.zeros(q))
    centred = X - mean_x
    # Ridge as least squares on stacked rows: no Gram is formed.
    stacked = np.vstack([centred, np.sqrt(alpha) * np.eye(p)])
    target = np.vstack([Y - mean_y, np.zeros((p, q))])
    weight = np.linalg.lstsq(stacked, target, rcond=None)[0].T
    bias = mean_y - weight @ mean_x
    if near:
        weight, bias = weight + near["weight"], bias + near["bias"]
    return weight, bias


def judge(weight, bias):
    truth = y.astype(np.float64)
    guess = x.astype(np.float64) @ weight.T + bias
    error = (truth - guess) ** 2
    agreed = int((logits(guess).argmax(1) == classes).sum())
    return {
        "weight": weight.tolist(),
        "bias": bias.tolist(),
        "agreed": agreed,
        "mse": error.mean(),
        "mseTotal16": sum(error[i : i + 16].mean() for i in range(0, n, 16)),
        "r2": 1 - error.sum() / ((truth - truth.mean(0)) ** 2).sum(),
    }


expected = {
    "plain": judge(*fit()),
    "ridge": judge(*fit(alpha=2.5)),
    "noIntercept": judge(*fit(intercept=False)),
    "prior": judge(*fit(alpha=2.5, near=prior)),
}
(folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
