"""Layers and data that are not what they look like, each run as a user would: outputs of a made head are written,
`recover` and `fingerprint` read them, and what they certify is held against the true features.

    python3 __tests__/verify/certificates.py OUT [--only WORD] [--json FILE] [--cli "node dist/cli/main.js"]

Needs NumPy, SciPy and safetensors. Prints one line a set (the table in docs/certificates.md); exit code 1 where a certified
feature, a normalisation or a rectified layer is wrong."""
import argparse, json, os, shlex, subprocess, sys, time
import numpy as np
from safetensors import safe_open
from scipy.special import erf, expit, softmax

rng = np.random.default_rng
relu = lambda x: np.maximum(x, 0)
gelu = lambda x: 0.5 * x * (1 + erf(x / np.sqrt(2)))
silu = lambda x: x * expit(x)
softplus = lambda x: np.logaddexp(0, x)
hardswish = lambda x: x * np.clip(x + 3, 0, 6) / 6
elu = lambda x: np.where(x > 0, x, np.expm1(x))


def before(n, d, seed=1):
    """What goes into the last activation: a few strong directions and a tail (n, d)."""
    r = rng(seed)
    k = max(8, d // 2)
    mix = r.normal(size=(k, d)) * (2 / (1 + np.arange(k) * 8 / k))[:, None] / np.sqrt(k)
    return r.normal(size=(n, k)) @ mix + 0.7 * r.normal(size=(n, d)) + 0.3 * r.normal(size=d)


def positions(x, count=4, shift=0.5, noise=0.5, seed=3):
    """The same at some places of a map (count, n, d)."""
    r = rng(seed)
    return np.stack([x - shift + noise * r.normal(size=x.shape) for _ in range(count)])


def head(f, c=None, seed=2):
    """Logits as float32 networks give them."""
    d = f.shape[1]
    r = rng(seed)
    w = r.normal(size=(c or 2 * d + 2, d)) / np.sqrt(d)
    return (f.astype(np.float32).astype(float) @ w.T + r.normal(size=len(w))).astype(np.float32)


def layer_norm(x, eps=1e-5):
    return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + eps)


def batch_norm(x, seed=6, negative=False):
    r = rng(seed)
    gain = r.uniform(0.5, 1.5, x.shape[1]) * (np.where(r.random(x.shape[1]) < 0.4, -1, 1) if negative else 1)
    return gain * (x - x.mean(0)) / x.std(0) + r.normal(size=x.shape[1])


def bfloat16(z):
    bits = z.astype(np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def quantised(z, bits):
    scale = np.abs(z).max() / (2 ** (bits - 1) - 1)
    return (np.round(z / scale) * scale).astype(np.float32)


def mixed(x, rows, seed=3, alpha=None):
    r = rng(seed)
    i = r.integers(len(x), size=(rows, 2))
    w = r.random((rows, 1)) if alpha is None else r.beta(alpha, alpha, (rows, 1))
    return w * x[i[:, 0]] + (1 - w) * x[i[:, 1]]


def winners(x, k):
    return np.where(x >= np.sort(x, 1)[:, [-k]], relu(x), 0)


N, D = 2400, 12
X = before(N, D)
P = positions(X)
F = relu(P).mean(0)
SMALL = relu(positions(before(60, D))).mean(0)
sets = {}


def made(name, features, outputs=None, kind=None, note=""):
    """kind: what is true of the layer before the head: 'normalised', 'rectified' or neither."""
    sets[name] = (features, outputs, kind, note)


# Activations, without pooling and with it.
for name, act, zero in [
    ("ReLU", relu, True), ("ReLU6", lambda x: np.minimum(relu(3 * x), 6), True), ("hard-swish", hardswish, False),
    ("hardtanh", lambda x: np.clip(x, -1, 1), True), ("GELU", gelu, False), ("SiLU", silu, False), ("softplus", softplus, False),
    ("leaky ReLU", lambda x: np.where(x > 0, x, 0.01 * x), False), ("ELU", elu, False), ("tanh", np.tanh, False), ("sigmoid", expit, False),
    ("squared ReLU", lambda x: relu(x) ** 2, True), ("absolute value", np.abs, False), ("thresholded", lambda x: np.where(x > 0.7, x, 0), True),
]:
    made(f"{name}, no pooling", act(before(4000, D)), kind="rectified" if zero else None)
    made(f"{name}, average of 4", act(P).mean(0), kind="rectified" if zero else None)
made("clamp from above", np.minimum(softplus(3 * X + 5), 6), note="opposite sign")
made("clamp from above, average of 4", np.minimum(softplus(3 * P + 5), 6).mean(0), note="opposite sign")
made("maxout of 2", np.maximum(X, before(N, D, 9)))
made("maxout of 2, then ReLU", relu(np.maximum(X, before(N, D, 9)) - 0.8), kind="rectified")
made("k winners of 12", winners(X, 4), kind="rectified")
made("dropout at test, ReLU", F * (rng(4).random(F.shape) > 0.3), kind="rectified")
made("dropout at test, GELU", gelu(X) * (rng(4).random(X.shape) > 0.3))
made("CReLU", np.hstack([relu(X[:, :6]), relu(-X[:, :6])]), kind="rectified")
made("x and |x|", np.hstack([X[:, :6], np.abs(X[:, :6])]))
made("gated in pairs", np.repeat(X[:, :6] > 0, 2, 1) * softplus(X), kind="rectified", note="pairs vanish together")
made("softplus under a gate of its own", (before(N, D, 9) > 0) * softplus(X), kind="rectified")
# Pooling and concatenation.
Q = positions(before(6000, 6), 4, 0.8, 0.8, 4)
R = relu(Q)
made("average and maximum", np.hstack([R.mean(0), R.max(0)]))
made("average and maximum of 2", np.hstack([R[:2].mean(0), R[:2].max(0)]))
made("average and maximum of 9", (lambda r: np.hstack([r.mean(0), r.max(0)]))(relu(positions(before(6000, 6), 9, 1.2, 0.8, 4))))
made("average and minimum", np.hstack([R.mean(0), R.min(0)]))
made("average and deviation", np.hstack([R.mean(0), R.std(0)]))
made("maximum of 4", relu(positions(X, 4, 1.2)).max(0), kind="rectified")
made("generalised mean, p 3", (relu(P) ** 3).mean(0) ** (1 / 3), kind="rectified")
made("two generalised means", np.hstack([R.mean(0), (R**3).mean(0) ** (1 / 3)]))
made("attention over positions", (softmax(Q * 2, 0) * R).sum(0), kind="rectified")
made("halves of a map", np.hstack([R[:2].mean(0), R[2:].mean(0)]), kind="rectified")
made("a half of a map beside the whole", np.hstack([R[:2].mean(0), R.mean(0)]), note="not told")
made("features and their squares", np.hstack([F[:, :6], F[:, :6] ** 2]))
made("a sum beside its part", np.hstack([F[:, :6], F[:, :6] + relu(positions(before(N, 6, 9), seed=5)).mean(0)]), note="not told")
made("a maximum beside both", np.hstack([F[:, :8], np.maximum(F[:, :4], F[:, 4:8])]))
made("a residual sum", relu(F + 0.8 * relu(before(N, D, 9)) - 0.4), kind="rectified")
# Normalisations and linear layers.
made("LayerNorm", layer_norm(before(N, 16)), kind="normalised")
made("RMSNorm", before(N, 16) / np.sqrt((before(N, 16) ** 2).mean(1, keepdims=True)), kind="normalised")
made("L2 norm", before(N, 16) / np.linalg.norm(before(N, 16), axis=1, keepdims=True), kind="normalised")
made("LayerNorm, then linear", layer_norm(before(N, 16)) @ rng(5).normal(size=(16, 16)) / 4, kind="normalised", note="of an earlier layer")
made("LayerNorm, then linear to 12 of 16", layer_norm(before(N, 16)) @ rng(5).normal(size=(16, 12)) / 4)
made("LayerNorm, then GELU", gelu(layer_norm(before(N, 16))))
made("mean of normalised tokens", np.mean([layer_norm(p) for p in positions(before(N, 16), 8)], 0))
made("ReLU, then batch norm", batch_norm(F), kind="rectified")
made("ReLU, then batch norm of either sign", batch_norm(F, negative=True), kind="rectified", note="opposite sign")
made("ReLU, then linear", F @ rng(5).normal(size=(D, D)) / 4, kind="rectified", note="of an earlier layer")
made("ReLU, then linear to 8 of 12", F @ rng(5).normal(size=(D, 8)) / 4)
made("batch norm, then ReLU", relu(batch_norm(X)), kind="rectified")
made("softmax of features", softmax(2 * X, 1))
# Data.
made("60 images at many brightnesses", np.repeat(SMALL, 60, 0) * rng(3).uniform(0.2, 2, (3600, 1)), kind="rectified")
made("60 images, brightness and offset", np.repeat(SMALL, 60, 0) * rng(3).uniform(0.2, 2, (3600, 1)) + rng(4).uniform(0, 1, (3600, 1)) * F[7])
made("40 images mixed in pairs", mixed(before(40, 24), 2000))
made("40 ReLU images mixed in pairs", mixed(relu(positions(before(40, 24))).mean(0), 2000), kind="rectified")
made("200 ReLU images mixed, beta 0.2", mixed(relu(positions(before(200, D))).mean(0), 3000, alpha=0.2), kind="rectified")
made("100 clusters", np.repeat(relu(positions(before(100, 16))).mean(0), 30, 0) * (1 + 0.05 * rng(4).normal(size=(3000, 16))), kind="rectified")
made("20 clusters of GELU", gelu(np.repeat(before(20, D), 150, 0) + 0.05 * rng(4).normal(size=(3000, D))))
made("every image 20 times", np.repeat(F[:200], 20, 0), kind="rectified")
made("every image 20 times, all but equal", np.repeat(F[:200], 20, 0) * (1 + 1e-7 * rng(4).normal(size=(4000, D))), kind="rectified")
made("all in one plane, and 10 that are not", np.vstack([gelu(before(2000, 10)) @ rng(4).normal(size=(10, D)), gelu(before(10, D, 8))]))
made("features of few values", np.round(F * 4) / 4, kind="rectified")
made("on or off", (X > 0.2).astype(float), kind="rectified")
made("rarely on", F * (rng(4).random(F.shape) < 0.04), kind="rectified")
made("one outlier", np.vstack([np.c_[gelu(before(2000, 11)), np.zeros(2000)], np.full((1, D), 3.0)]))
made("five outliers of one kind", np.vstack([np.c_[gelu(before(2000, 11)), np.zeros(2000)], np.c_[gelu(before(5, 11, 8)), [[1], [2], [3], [4], [5]]]]))
made("pushed to a corner", np.vstack([gelu(X), gelu(np.sign(before(600, D, 8)) * -0.7517916)]))
# Storage.
made("ReLU, probabilities", F, softmax(head(F).astype(float), 1).astype(np.float32), kind="rectified")
made("ReLU, float16", F, head(F).astype(np.float16).astype(np.float32), kind="rectified")
made("ReLU, bfloat16", F, bfloat16(head(F)), kind="rectified")
made("ReLU, int8", F, quantised(head(F), 8), kind="rectified")
made("ReLU, int16", F, quantised(head(F), 16), kind="rectified")
made("ReLU, 4 decimals", F, np.round(head(F), 4), kind="rectified")
made("ReLU, capped softly", F, (30 * np.tanh(head(F).astype(float) / 30)).astype(np.float32), kind="rectified")


def run(cli, *args):
    done = subprocess.run([*cli, *args, "--json", "--quiet"], capture_output=True, text=True, timeout=900)
    said = (done.stdout or done.stderr).strip()
    try:
        return json.loads(done.stdout), said
    except ValueError:
        return None, said


def correlations(found, truth):
    """Of each found column with the true one that it is nearest to, signed."""
    a = found - found.mean(0)
    b = truth - truth.mean(0)
    b = b[:, b.std(0) > 0]
    c = (a / np.linalg.norm(a, axis=0)).T @ (b / np.linalg.norm(b, axis=0))
    return c[np.arange(len(c)), np.abs(c).argmax(1)]


def look(name, folder, cli):
    features, outputs, kind, note = sets[name]
    slug = "".join(ch if ch.isalnum() else "-" for ch in name)
    z, out = f"{folder}/{slug}.npy", f"{folder}/{slug}.safetensors"
    if os.path.exists(out):
        os.remove(out)
    np.save(z, head(features) if outputs is None else outputs)
    began = time.time()
    report, said = run(cli, "recover", z, "--out", out)
    took = time.time() - began
    printed, said_of_print = run(cli, "fingerprint", z)
    line = {"set": name, "note": note, "seconds": round(took, 1), "said": report["sentence"] if report else said}
    line["certified"] = (report or {}).get("certifiedAs") or {"itself": (report or {}).get("features", 0), "group": 0, "function": 0}
    line["kind"] = (report or {}).get("kind")
    line["rank"] = (report or {}).get("rank")
    line["width"] = features.shape[1]
    wrong = []
    line["worst"] = None
    if os.path.exists(out):
        with safe_open(out, "np") as file:
            found = file.get_tensor("features").astype(float) if "features" in file.keys() else None
        if found is not None and line["kind"] == "rectified":
            c = correlations(found, features.astype(float))
            line["worst"] = float(1 - np.abs(c).min())
            line["falling"] = int((c < 0).sum())
            line["wrong"] = int((np.abs(c) < 1 - 1e-6).sum())
            if line["wrong"]:
                wrong.append(f"{line['wrong']} of {len(c)} features wrong")
    if line["kind"] == "sphere" and kind != "normalised":
        wrong.append("no normalisation")
    line["normalised"], line["rectified"] = (printed or {}).get("normalised"), (printed or {}).get("rectified")
    if line["normalised"] and kind != "normalised":
        wrong.append("fingerprint: normalised")
    if line["rectified"] and kind != "rectified" and note not in ("not told", "opposite sign"):
        wrong.append("fingerprint: rectified")
    if printed and line["rectified"] and not line["certified"]["itself"]:
        wrong.append("fingerprint and recover differ")
    line["faults"] = wrong
    return line


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("out")
    arguments.add_argument("--only", default="")
    arguments.add_argument("--json")
    arguments.add_argument("--cli", default="node dist/cli/main.js")
    arguments.add_argument("--make", action="store_true", help="write the sets and their features, run nothing")
    asked = arguments.parse_args()
    os.makedirs(asked.out, exist_ok=True)
    lines = []
    for name in sets:
        if asked.only.lower() not in name.lower():
            continue
        if asked.make:
            features, outputs, _, _ = sets[name]
            slug = "".join(ch if ch.isalnum() else "-" for ch in name)
            np.save(f"{asked.out}/{slug}.npy", head(features) if outputs is None else outputs)
            np.save(f"{asked.out}/{slug}.features.npy", features)
            continue
        line = look(name, asked.out, shlex.split(asked.cli))
        lines.append(line)
        c = line["certified"]
        told = {True: "yes", False: "no", None: "-"}
        print(f"{name:40} {line['kind'] or '-':10} rank {line['rank']} of {line['width']}  itself {c['itself']:3} group {c['group']:3} function {c['function']:3}"
              f"  worst {line['worst'] if line['worst'] is None else format(line['worst'], '.0e')} falling {line.get('falling', 0)}  n {told[line['normalised']]} r {told[line['rectified']]}  {line['seconds']} s  {'; '.join(line['faults'])} {('(' + line['note'] + ')') if line['note'] else ''}", flush=True)
        if asked.json:
            json.dump(lines, open(asked.json, "w"), indent=1)
    print(f"{len(lines)} sets, {sum(l['certified']['itself'] for l in lines)} features certified, {sum(l.get('wrong', 0) for l in lines)} wrong, {sum(bool(l['faults']) for l in lines)} sets with a fault")
    sys.exit(any(line["faults"] and line["note"] != "not told" for line in lines))


main()
