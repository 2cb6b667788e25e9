"""What ridge regression leaves of rows that it did not see, by scikit-learn: __tests__/fixtures/fit/kept-out.json.

Needs NumPy and scikit-learn. Run: python __tests__/goldens/kept_out.py
"""
import json
import pathlib

import numpy as np
from sklearn.linear_model import Ridge

rng = np.random.default_rng(3)
cases = []
for name, n, p, q in [("wide", 9, 14, 3), ("tall", 16, 4, 2)]:
    x = rng.normal(size=(n, p)).round(3)
    y = (x @ rng.normal(size=(p, q)) + rng.normal(size=(n, q)) + 5).round(3)
    x -= x.mean(0)
    folds = [int(f) for f in rng.permutation(np.arange(n) % 3)]
    trace = float((x**2).sum())
    errors = {}
    for share in [1e-3, 1e-2, 1e-1]:
        of = np.zeros(n)
        for fold in range(3):
            held = np.array(folds) == fold
            model = Ridge(alpha=share * trace, solver="svd").fit(x[~held], y[~held])
            of[held] = ((model.predict(x[held]) - y[held]) ** 2).sum(1)
        errors[f"{share:g}"] = of.tolist()
    cases.append({"name": name, "x": x.tolist(), "y": y.tolist(), "folds": folds, "trace": trace, "errors": errors})
path = pathlib.Path(__file__).parent.parent / "fixtures" / "fit" / "kept-out.json"
path.write_text(json.dumps(cases) + "\n")
