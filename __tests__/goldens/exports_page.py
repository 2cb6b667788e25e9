"""Writes docs/exports.md from the rows that `exports.py` and `logits.py` keep beside this script.

    pip install timm "transformers<5"
    python __tests__/goldens/exports_page.py
"""

import json
import subprocess
from collections import Counter
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
EXPORTS = HERE / "exports.json"
LOGITS = HERE / "logits.json"


def read_rows(file):
    return json.loads(file.read_text()) if file.exists() else []


def save_rows(file, rows):
    """A row a line, so that a change of one is a change of one line."""
    file.write_text("[\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]\n")


def installed(packages):
    found = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            pass
    return found


def build_of():
    done = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return done.stdout.strip()


def said_of(row):
    if "unbuilt" in row:
        return f"not built: our configuration did not build: {row['unbuilt']}"
    if "unmade" in row:
        return f"not exported: {row['unmade']}"
    notes = [note for note in row.get("notes", []) if "size of its images" not in note]
    return ": ".join([row["verdict"], *(["; ".join([*notes, *filter(None, [row.get("said")])])])]).removesuffix(": ")


def not_tried(rows):
    """What the installed packages have and no row stands for."""
    import timm
    import transformers
    from exports import FAMILIES, LEFT_OUT, TIMM
    from timm.models._registry import _model_to_module as module_of

    tried = {row["name"].split()[1] for row in rows if row["name"].startswith("timm ")}
    families = sorted(set(module_of.values()) - {module_of.get(name) for name in tried})
    listed = sorted(set(TIMM) - tried)
    classes = [
        name for name in dir(transformers)
        if name.endswith("ForImageClassification") and not name.startswith(("Auto", "TF", "Flax"))
    ]
    plain = {family.replace("_", "").lower() for family in FAMILIES}
    left = [name for name in classes if name.removesuffix("ForImageClassification").lower() not in plain]
    reasons = [f"{name.removesuffix('ForImageClassification')} ({LEFT_OUT.get(name, 'no sizes written for it yet')})" for name in left]
    lines = [f"- transformers: {', '.join(reasons)}.",
             f"- timm, families without a row, most of them for their size: {', '.join(families)}."]
    if listed:
        lines.append(f"- timm, in the list of the script and not yet run: {', '.join(listed)}.")
    counts = Counter(row["exporter"] for row in rows if row["name"].startswith("timm "))
    lines.append(f"- timm by the dynamo exporter: {counts['dynamo']} models alone were tried, {counts['torchscript']} by torchscript.")
    if not any(row["name"].startswith("Keras ") for row in rows):
        lines.append("- Keras by tf2onnx: the script has ten models; none was run.")
    return lines


def write_page():
    rows = read_rows(EXPORTS)
    kinds = Counter(row["name"].split()[0] for row in rows)
    read = sum(row.get("verdict") == "read" for row in rows)
    refused = sum("verdict" in row for row in rows) - read
    lines = [
        "# Exports that were tried",
        "",
        "Classifiers at small size and random weights, exported and read by `inspect`, which checks on a random batch that the",
        "head of the features gives the model's own logits. `__tests__/goldens/exports.py` makes and reads them. Every export",
        "that was tried has its row, refused ones too. Below them: [logits through the processors](#logits-through-processors)",
        "of transformers and timm, against ours.",
        "",
        f"{len(rows)} were tried ({', '.join(f'{n} of {kind}' for kind, n in kinds.items())}): {read} read, {refused} refused,",
        f"{len(rows) - read - refused} that could not be made.",
        "",
        *made_with(rows),
        "",
        "| model | exporter | d | c | verdict |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in sorted(rows, key=lambda row: (row["name"].split()[0] != "transformers", row["name"].lower(), row["exporter"])):
        verdict = said_of(row)
        verdict = verdict if len(verdict) <= 220 else verdict[:219] + "…"
        lines.append(table_row([row["name"], row["exporter"], row.get("d", ""), row.get("c", ""), verdict]))
    lines += ["", "## Not tried", "", *not_tried(rows), "", *logits_section(read_rows(LOGITS))]
    (ROOT / "docs/exports.md").write_text("\n".join(lines) + "\n")


def table_row(cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def made_with(rows):
    runs = Counter(row["made_with"] for row in rows)
    lines = [f"- {count} rows: {run}." for run, count in runs.most_common()]
    return ["The rows come from these runs:" if len(runs) > 1 else "The rows come from one run:", "", *lines]


def logits_section(rows):
    """A row for each processor of transformers; timm's configurations by what they do to an image."""
    lines = [
        "## Logits through processors",
        "",
        "20 photographs, 10 of them cut and resized to other shapes (37 x 41 to 1023 x 401), through the library's own processor",
        "and a small network of random weights at the processor's size, against `extract` of the same file. The difference is the",
        "largest of all logits, over the deviation of the logits; equal is up to 1e-4. `__tests__/goldens/logits.py` makes the rows,",
        "and has one for each of timm's configurations.",
        "",
        *made_with(rows),
        "",
        "| processor | largest difference | verdict |",
        "| --- | --- | --- |",
    ]
    groups = {}
    for row in rows:
        if row["kind"] == "timm":
            _, mode, interpolation, *_ = row["name"].split()
            groups.setdefault((mode, interpolation, row["verdict"]), []).append(row)
        else:
            lines.append(table_row([f"transformers {row['name']}", shown(row), row["verdict"]]))
    for (mode, interpolation, verdict), group in sorted(groups.items()):
        worst = max(group, key=lambda row: row.get("difference", 0))
        what = f"timm, crop mode {mode}, {interpolation}: {len(group)} configurations of published models"
        lines.append(table_row([what, shown(worst), verdict]))
    return lines


def shown(row):
    return f"{row['difference']:.1e}" if "difference" in row else ""


if __name__ == "__main__":
    write_page()
