"""scikit-learn's linear classifiers as skl2onnx writes them: __tests__/fixtures/onnx/sklearn.json.

    pip install scikit-learn skl2onnx onnx numpy
    python __tests__/goldens/sklearn_models.py

Each has its model, base64, and scikit-learn's own `decision_function` of the inputs; of two classes that is the second's
score alone. scikit-learn 1.9, skl2onnx 1.20.
"""

import base64
import json
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import helper
from skl2onnx import to_onnx
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

warnings.filterwarnings("ignore")
OUT = Path(__file__).resolve().parent.parent / "fixtures" / "onnx" / "sklearn.json"
rng = np.random.default_rng(0)
X = rng.normal(size=(200, 6)).astype("float32")
Y = rng.integers(0, 4, 200)
SHOWN = X[:5]


def text(array):
    return base64.b64encode(np.ascontiguousarray(array, dtype="<f4").tobytes()).decode()


def main():
    rows = []

    def add(name, proto, scores):
        proto.doc_string = ""
        rows.append(dict(name=name, model=base64.b64encode(proto.SerializeToString()).decode(), scores=text(scores)))

    def fitted(name, model, labels, **options):
        model.fit(X, labels)
        last = model[-1] if hasattr(model, "steps") else model
        proto = to_onnx(model, X[:1], options={id(last): options} if options else None, target_opset=17)
        add(name, proto, model.decision_function(SHOWN))

    fitted("softmax, a Normalizer and a ZipMap", LogisticRegression(), Y)
    fitted("without a ZipMap", LogisticRegression(), Y, zipmap=False)
    fitted("scores", LogisticRegression(), Y, zipmap=False, raw_scores=True)
    fitted("classes with names", LogisticRegression(), np.array(list("abcd"))[Y])
    fitted("two classes, two rows", LogisticRegression(), Y > 1)
    fitted("in a pipeline", make_pipeline(StandardScaler(), LogisticRegression()), Y, zipmap=False)
    fitted("sigmoids over their sum", SGDClassifier(loss="log_loss", random_state=0), Y)
    fitted("margins", LinearSVC(random_state=0), Y)
    fitted("margins of two classes", LinearSVC(random_state=0), Y > 1)
    fitted("ridge", RidgeClassifier(), Y)
    fitted("discriminants", LinearDiscriminantAnalysis(), Y)
    fitted("perceptron", Perceptron(random_state=0), Y)

    # One row of coefficients for two classes, as CoreML's and others' converters write it.
    pair = LogisticRegression().fit(X, Y > 1)
    node = helper.make_node(
        "LinearClassifier", ["x"], ["label", "p"], domain="ai.onnx.ml", coefficients=pair.coef_[0].tolist(),
        intercepts=pair.intercept_.tolist(), classlabels_ints=[0, 1], post_transform="LOGISTIC",
    )
    for name, kind in (("one row", onnx.TensorProto.FLOAT), ("one row, float64", onnx.TensorProto.DOUBLE)):
        graph = helper.make_graph(
            [node], "g", [helper.make_tensor_value_info("x", kind, ["n", 6])],
            [helper.make_tensor_value_info("label", onnx.TensorProto.INT64, ["n"]),
             helper.make_tensor_value_info("p", onnx.TensorProto.FLOAT, ["n", 2])],
        )
        imports = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 1)]
        add(name, helper.make_model(graph, opset_imports=imports, ir_version=8), pair.decision_function(SHOWN))
    lines = ",\n".join(json.dumps(row) for row in rows)
    OUT.write_text(f'{{"inputs": "{text(SHOWN)}", "dims": [5, 6], "models": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
