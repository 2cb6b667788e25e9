"""Heads that were really trained on, or stored in fewer bits: does `fingerprint A B` tell them from the head they were?

    python __tests__/verify/tuned-heads.py OUT STORE [--every 1] [--cli "node dist/cli/main.js"]

STORE is one that `extract` made of 50,000 labelled images. From its features and head come two sets of 400 rows each, of
different images: one of the head as it is, one of the head after a change. None of these pairs was at hand when the
comparison was written. Needs NumPy, PyTorch and safetensors; it prints a line for each pair, and counts.
"""

import argparse, json, os, shlex, subprocess

import numpy as np
import torch
from safetensors.numpy import load_file

arguments = argparse.ArgumentParser()
arguments.add_argument("out")
arguments.add_argument("store")
arguments.add_argument("--every", type=int, default=1, help="take each k-th output alone, which is quicker")
arguments.add_argument("--cli", default="node dist/cli/main.js")
options = arguments.parse_args()
os.makedirs(options.out, exist_ok=True)
torch.manual_seed(7)
random = np.random.default_rng(77)

stored = load_file(options.store)
features, labels = stored["features"], stored["labels"]
weight, bias = stored["head.weight"][:: options.every], stored["head.bias"][:: options.every]
classes = len(bias)


def trained(optimiser: str, share: float) -> tuple[np.ndarray, np.ndarray]:
    """The head after training went on until its weights had changed by this share of their norm."""
    w = torch.tensor(weight).clone().requires_grad_(True)
    b = torch.tensor(bias).clone().requires_grad_(True)
    x, y = torch.tensor(features[:20000]), torch.tensor((labels[:20000] % classes).astype("int64"))
    if optimiser == "sgd":
        step = torch.optim.SGD([w, b], lr=share / 2, momentum=0.9, weight_decay=1e-4)
    else:
        step = torch.optim.AdamW([w, b], lr=share / 50, weight_decay=1e-4)
    for _ in range(2000):
        batch = torch.randint(0, len(x), (64,))
        step.zero_grad()
        torch.nn.functional.cross_entropy(x[batch] @ w.T + b, y[batch]).backward()
        step.step()
        if np.linalg.norm(w.detach().numpy() - weight) >= share * np.linalg.norm(weight):
            break
    return w.detach().numpy(), b.detach().numpy()


def int8(a: np.ndarray) -> np.ndarray:
    scale = np.abs(a).max() / 127
    return (np.round(a / scale) * scale).astype("float32")


small = np.abs(weight) < np.quantile(np.abs(weight), 0.1)
# kind, weight, bias, whether the span is the same, rows
changes = [
    *((f"{name}, {100 * share:g} %", *trained(name, share), False, 400) for share in (0.001, 0.003, 0.01, 0.03, 0.1) for name in ("sgd", "adamw")),
    ("weights in bfloat16", torch.tensor(weight).bfloat16().float().numpy(), bias, False, 400),
    ("weights in float16", weight.astype("float16").astype("float32"), bias, False, 400),
    ("weights in int8", int8(weight), bias, False, 400),
    ("the smallest tenth of the weights set to 0", np.where(small, 0, weight), bias, False, 400),
    ("all times 0.9", 0.9 * weight, 0.9 * bias, True, 400),
    ("temperature 2", weight / 2, bias / 2, True, 400),
    ("W A", weight @ random.standard_normal((weight.shape[1],) * 2), bias, True, 400),
    *((f"unchanged, {rows} rows", weight, bias, True, rows) for rows in (200, 333, 500, 900, 1500)),
]


def logits(start: int, rows: int, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (features[start : start + rows].astype("float64") @ w.T.astype("float64") + b).astype("float32")


counts = {"right": 0, "cannot be told": 0, "wrong": 0}
start = 20000
for kind, w, b, same, rows in changes:
    if start + 2 * rows > len(features):
        start = 20000
    files = [os.path.join(options.out, name) for name in ("a.npy", "b.npy")]
    np.save(files[0], logits(start, rows, weight, bias))
    np.save(files[1], logits(start + rows, rows, w, b))
    start += 2 * rows
    ran = subprocess.run([*shlex.split(options.cli), "fingerprint", *files, "--no-features", "--json", "--quiet"], capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"{kind}: {ran.stderr}")
    found = json.loads(ran.stdout)["sameHead"]["same"]
    answer = "cannot be told" if found is None else "right" if found == same else "wrong"
    counts[answer] += 1
    print(f"{kind:45} {answer}", flush=True)
print(", ".join(f"{answer} {count}" for answer, count in counts.items()))
