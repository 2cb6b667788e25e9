"""Other people's solvers on the same rank-deficient problem: a model's features from its own logits (docs/comparison.md).

Needs numpy, scikit-learn, safetensors and himalaya. First make the two stores, in a clone:

    featreconstruct extract --model onnx/demo/demo_convnext.onnx --dataset "synthetic:train[0:5000]" --store train.safetensors
    featreconstruct extract --model onnx/demo/demo_convnext.onnx --dataset "synthetic:test[0:2000]" --store test.safetensors
    python bench/solvers.py train.safetensors test.safetensors
"""

import sys
import time
import warnings

import numpy as np
from himalaya.ridge import Ridge as HimalayaRidge
from himalaya.ridge import RidgeCV as HimalayaRidgeCV
from safetensors.numpy import load_file
from sklearn.linear_model import LinearRegression, Ridge

train, test = load_file(sys.argv[1]), load_file(sys.argv[2])
weight, bias = train['head.weight'].astype(float), train['head.bias'].astype(float)
x, y = train['logits'].astype(float), train['features'].astype(float)
truth = test['features'].astype(float)
answers = test['logits'].argmax(1)

solvers = {
    'scikit-learn LinearRegression': LinearRegression(),
    'scikit-learn Ridge(alpha=0), svd': Ridge(alpha=0, solver='svd'),
    'scikit-learn Ridge(alpha=0), cholesky': Ridge(alpha=0, solver='cholesky'),
    'scikit-learn Ridge(alpha=0), lsqr': Ridge(alpha=0, solver='lsqr'),
    'scikit-learn Ridge(alpha=0), sag': Ridge(alpha=0, solver='sag', random_state=0),
    'scikit-learn Ridge(alpha=1)': Ridge(alpha=1),
    'himalaya Ridge(alpha=1e-8)': HimalayaRidge(alpha=1e-8, fit_intercept=True),
    'himalaya RidgeCV, 1e-10 to 1e4': HimalayaRidgeCV(alphas=np.logspace(-10, 4, 15), fit_intercept=True),
}

for name, solver in solvers.items():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        begun = time.perf_counter()
        found = solver.fit(x, y).predict(test['logits'].astype(float))
        seconds = time.perf_counter() - begun
    agreement = np.mean((found @ weight.T + bias).argmax(1) == answers)
    left = np.sum((found - truth) ** 2) / np.sum((truth - truth.mean(0)) ** 2)
    warned = caught[0].category.__name__ if caught else '-'
    print(f'{name:40s} agreement {100 * agreement:6.2f} %   1 - R2 {left:.1e}   {seconds:6.2f} s   warned: {warned}')
