"""The report's fixtures: finished results, numbers only, of a model of the demo and of the models of the shared folder.

    python __tests__/goldens/report.py [audit] [experiment-3] [experiment-4]

Runs the command line as it is built (`npm run build`) with the command that stands in the fixture. The experiments need
FEATRECONSTRUCT_MODELS and FEATRECONSTRUCT_DATA; with FEATRECONSTRUCT_STORES they take finished extractions from there.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMMANDS = {
    "audit": "audit demo_resnet.onnx synthetic:train[0:2000]",
    "experiment-3": "run 3 --source mobilenet_v1_025.onnx --train cifar100:train[0:10000] --test cifar100:test folder:scenes",
    "experiment-4": "run 4 --models *.onnx --train cifar100:train[0:10000] --test cifar100:test",
}


def shorter(value):
    """Seven digits are more than a page shows; near 1 it is what is missing that is shown."""
    if isinstance(value, float) and not 0.999 < value < 1:
        return float(f"{value:.7g}")
    if isinstance(value, list):
        return [shorter(item) for item in value]
    if isinstance(value, dict):
        return {key: shorter(item) for key, item in value.items()}
    return value


def lay_out(name: str, folder: Path) -> list[str]:
    """Puts what a command names beside each other, so that no path of this machine is in its results."""
    if name == "audit":
        (folder / "demo_resnet.onnx").symlink_to(ROOT / "onnx/demo/demo_resnet.onnx")
        return []
    data = Path(os.environ["FEATRECONSTRUCT_DATA"])
    (folder / "scenes").symlink_to(data / "scenes")
    for model in Path(os.environ["FEATRECONSTRUCT_MODELS"]).glob("*.onnx"):
        (folder / model.name).symlink_to(model)
    return ["--data-dir", str(data), "--stores", os.environ.get("FEATRECONSTRUCT_STORES", "stores")]


def make(name: str) -> None:
    words = [*shlex.split(COMMANDS[name]), "--no-samples", "--out", "out"]
    with tempfile.TemporaryDirectory() as folder:
        places = lay_out(name, Path(folder))
        given = [found for word in words for found in (sorted(p.name for p in Path(folder).glob(word)) if "*" in word else [word])]
        program = ["node", str(ROOT / "dist/cli/main.js"), *given, *places, "--quiet"]
        subprocess.run(program, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        results = json.loads((Path(folder) / "out/results.json").read_text())
    quoted = [word if "*" in word else shlex.quote(word) for word in words]
    results["environment"] |= {"cpu": "a processor", "command": " ".join(["featreconstruct", *quoted])}
    target = ROOT / "__tests__/fixtures/report" / f"{name}.json"
    target.write_text(json.dumps(shorter(results), ensure_ascii=False, separators=(",", ":")) + "\n")
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size:,} bytes")


for chosen in sys.argv[1:] or COMMANDS:
    make(chosen)
