"""Writes docs/exports.md from the rows that `exports.py` and `logits.py` keep beside this script.

    pip install timm "transformers<5"
    python __tests__/goldens/exports_page.py
"""

import json
import re
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
        return f"not exported: {shortly(row['unmade'])}"
    notes = [note for note in row.get("notes", []) if "size of its images" not in note]
    return ": ".join([row["verdict"], *(["; ".join([*notes, *filter(None, [row.get("said")])])])]).removesuffix(": ")


def without_lists(error):
    """An error of ours without what it lists, and without the layer that it proposes."""
    return re.sub(r" The nearest linear layer .*| \('[^)]*\)| \(Gemm[^)]*\)", "", error)


def shortly(error):
    """PyTorch's error on an operator that an opset lacks, in fewer words; any other as it is."""
    lacks = re.search(r"Exporting the operator '([^']*)' to ONNX opset version (\d+) is not supported", error)
    since = re.search(r"Support for this operator was added in version (\d+)", error)
    return f"PyTorch has no `{lacks[1]}` in opset {lacks[2]}" + (f"; opset {since[1]} has it" if since else "") if lacks else error


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
    lines.append(f"- timm by the dynamo exporter: only {counts['dynamo']} models were tried, {counts['torchscript']} by torchscript.")
    if not any(row["name"].startswith("Keras ") for row in rows):
        lines.append("- Keras by tf2onnx: the script has ten models; none was run.")
    return lines


def write_page():
    rows = read_rows(EXPORTS)
    read = [row for row in rows if row.get("verdict") == "read"]
    rest = [row for row in rows if row.get("verdict") != "read"]
    refused = sum("verdict" in row for row in rest)
    lines = [
        "# Exports that were tried",
        "",
        f"Will my export be read? Of {len(rows)} exports {len(read)} were read, {refused} were refused, and {len(rest) - refused} could not be exported.",
        "The models are small and have random weights. `inspect` checked on a random batch that the head gives the model's own logits",
        "(`__tests__/goldens/exports.py`; each row is in `exports.json` beside it).",
        "",
        "| library | exporter | tried | read |",
        "| --- | --- | --- | --- |",
        *[table_row([*key, len(group), sum(row.get("verdict") == "read" for row in group)]) for key, group in grouped(rows, lambda row: (library(row), row["exporter"]))],
        "",
        "## Not read",
        "",
        "| model | exporter | what happens |",
        "| --- | --- | --- |",
        *[table_row([row["name"], row["exporter"], without_lists(said_of(row))]) for row in rest],
        "",
        f"Read from another exporter: {', '.join(row['name'] for row in rest if row['name'] in names_of(read))}.",
        "",
        "## Read",
        "",
        "| library | exporter | models | notes |",
        "| --- | --- | --- | --- |",
        *[table_row([*key[:2], ", ".join(names), key[2]]) for key, names in same_notes(read)],
        "",
        "## Not tried",
        "",
        *not_tried(rows),
        "",
        *logits_section(read_rows(LOGITS)),
        "",
        "## Versions",
        "",
        *made_with(rows + read_rows(LOGITS)),
    ]
    (ROOT / "docs/exports.md").write_text("\n".join(lines) + "\n")


def names_of(rows):
    return {row["name"] for row in rows}


def library(row):
    return row["name"].split()[0]


def grouped(rows, key):
    groups = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups.items()


def same_notes(rows):
    """Models whose exports were read in the same way, whatever the tensors are called; those of both exporters together."""
    exporters = {}
    for row in rows:
        exporters.setdefault((row["name"], notes_of(row)), []).append(row["exporter"])
    groups = {}
    for (name, notes), by in exporters.items():
        groups.setdefault((name.split()[0], " and ".join(sorted(by)), notes), []).append(name.split(" ", 1)[1])
    return sorted(groups.items(), key=lambda group: (group[0][0] != "transformers", group[0]))


def notes_of(row):
    """What `inspect` notes of a model, without names of tensors; the size of images is said elsewhere."""
    notes = "; ".join(note for note in row.get("notes", []) if "size of its images" not in note)
    found = [what.format(*match.groups()) for pattern, what in NOTES if (match := re.search(pattern, notes))]
    if notes and not found:
        raise ValueError(f"no short form of the note: {notes}")
    return "; ".join(found)


NOTES = [
    (r"The output '[^']*' is a ([^;]*);", "the logits before the {0} are used"),
    (r"The weights of ai\.onnx\.ml\.LinearClassifier", "the scores of ai.onnx.ml.LinearClassifier are the logits"),
    (r"The constants? of .* folded into", "constants are folded into the head"),
    (r"one linear map of (\d+) tensors", "{0} tensors side by side are the features"),
]


def table_row(cells):
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def made_with(rows):
    """Which versions the rows come from."""
    runs = Counter(row["made_with"].rsplit(", this project at ", 1)[0] for row in rows)
    return [f"- {versions}." for versions, _ in runs.most_common()]


def logits_section(rows):
    """Processors of transformers by class, timm's configurations by what they do to an image."""
    equal = sum(row["verdict"] == "equal" for row in rows)
    lines = [
        "## Logits through processors",
        "",
        f"Do the same images give the same logits? {equal} of {len(rows)} configurations agree up to 1e-4.",
        "",
        "20 photographs, 10 of them resized to other shapes, went through the library's own processor and a small random network, and through `extract`.",
        "The difference is the largest of any logit, over the deviation of the logits (`__tests__/goldens/logits.py`).",
        "",
        "| library | processors | configurations | largest difference | verdict |",
        "| --- | --- | --- | --- | --- |",
    ]
    for (kind, verdict), group in grouped(rows, lambda row: (kind_of(row), row["verdict"])):
        worst = max(group, key=lambda row: row.get("difference", 0))
        names = ", ".join(dict.fromkeys(processor(row) for row in group))
        lines.append(table_row([kind, names, len(group), shown(worst), verdict]))
    return lines


def kind_of(row):
    if row["kind"] == "timm":
        return "timm: crop mode, interpolation"
    return "transformers, `…ImageProcessorFast`" if row["name"].split()[0].endswith("Fast") else "transformers, `…ImageProcessor`"


def processor(row):
    if row["kind"] != "timm":
        return row["name"].split()[0].removesuffix("Fast").removesuffix("ImageProcessor")
    _, mode, interpolation, *_ = row["name"].split()
    return f"{mode} {interpolation}"


def shown(row):
    return f"{row['difference']:.1e}" if "difference" in row else ""


if __name__ == "__main__":
    write_page()
