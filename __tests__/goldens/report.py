"""The report's fixture of an audit: a finished result of a model of the demo, numbers only.

    python __tests__/goldens/report.py

Runs the command line as it is built (`npm run build`) with the command that stands in the fixture.
"""

import json
import shlex
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "onnx/demo"
COMMANDS = {
    "audit": "audit demo_resnet.onnx synthetic:train[0:2000] --no-samples --out out",
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


def anonymous(results: dict, command: str) -> dict:
    results["environment"] |= {"cpu": "a processor", "command": command}
    return shorter(results)


def make(name: str, options: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        words = [str(DEMO / word) if word.endswith(".onnx") else word for word in options.split()]
        words[words.index("--out") + 1] = folder
        subprocess.run(["node", str(ROOT / "dist/cli/main.js"), *words, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        results = json.loads((Path(folder) / "results.json").read_text())
    command = "featreconstruct " + " ".join(shlex.quote(word) for word in options.split())
    target = ROOT / "__tests__/fixtures/report" / f"{name}.json"
    target.write_text(json.dumps(anonymous(results, command), ensure_ascii=False, separators=(",", ":")) + "\n")
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size:,} bytes")


for name, options in COMMANDS.items():
    make(name, options)
