"""Goldens of the leaks room, by NumPy and SciPy.

    python __tests__/goldens/leaks.py

writes __tests__/fixtures/leaks/observe.json (logits and what each interface shows of them) and assign.json (costs and
the least sum of an assignment).
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import log_softmax, logsumexp, softmax

out = Path(__file__).parent.parent / "fixtures" / "leaks"
out.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(16)


def top(rows, k):
    """A mask of the k largest of each row, the lowest index first where they tie."""
    order = np.argsort(-rows, axis=1, kind="stable")[:, :k]
    mask = np.zeros(rows.shape, bool)
    np.put_along_axis(mask, order, True, axis=1)
    return mask


logits = rng.normal(0, 4, (5, 8))
logits[3, :] = [2, 2, 1, 2, -1, 0, 2, 2]  # ties
logits[4] *= 40  # a softmax that overflows where it is not stable
p = softmax(logits, axis=1)
lp = log_softmax(logits, axis=1)
shown = top(lp, 3)
rest = logsumexp(np.where(shown, -np.inf, lp), axis=1, keepdims=True) - np.log(5)


def log(shown, least, step, k=None):
    """Logarithms of probabilities; a 0 counts as an even share of what is left, within what is known of it."""
    out = np.empty(shown.shape)
    for i, row in enumerate(shown):
        above = row[row > 0]
        zeros = row.size - above.size
        left = max(1 - above.sum(), step * np.sqrt(above.size / 12))
        most = above.min() if k is not None and above.size >= k else least
        out[i] = np.log(np.where(row > 0, row, min(left / max(zeros, 1), most)))
    return out


def half(rows):
    return rows.astype(np.float32).astype(np.float16).astype(np.float64)


cases = {
    "logits": logits,
    "log-probs": lp,
    "probs": p,
    "temperature:2+probs": softmax(logits / 2, axis=1),
    "probs+topk:3": np.where(top(p, 3), p, 0),
    "logits+topk:3": np.where(top(logits, 3), logits, np.where(top(logits, 3), logits, np.inf).min(1, keepdims=True)),
    "log-probs+topk:3": np.where(shown, lp, rest),
    "probs+topk:3+round:2": np.round(np.where(top(p, 3), p, 0), 2),
    "round:1": np.round(logits, 1),
    "float16": half(logits),
    "probs+log": np.log(p),
    "probs+round:2+log": log(np.round(p, 2), 0.005, 0.01),
    "probs+round:1+log": log(np.round(p, 1), 0.05, 0.1),
    "probs+topk:3+log": log(np.where(top(p, 3), p, 0), 0, 2.0**-53, 3),
    "probs+topk:3+round:2+log": log(np.round(np.where(top(p, 3), p, 0), 2), 0.005, 0.01, 3),
    "temperature:2+probs+float16+log": log(half(softmax(logits / 2, axis=1)), 2.0**-25, 2.0**-11),
}
(out / "observe.json").write_text(
    json.dumps({"logits": logits.tolist(), "cases": {name: rows.tolist() for name, rows in cases.items()}})
)

problems = []
for n, m in [(1, 1), (4, 4), (5, 9), (12, 12)]:
    costs = rng.normal(size=(n, m))
    rows, columns = linear_sum_assignment(costs)
    problems.append({"costs": costs.tolist(), "columns": columns.tolist()})
(out / "assign.json").write_text(json.dumps(problems))
