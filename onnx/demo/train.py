"""Train the small models that come with the package, or others like them, on the CPU.

    npm run build && node onnx/demo/images.mjs /tmp/synthetic synthetic:train synthetic:test
    pip install -r onnx/requirements.txt
    python onnx/demo/train.py /tmp/synthetic

FOLDER holds {train,test}.images.npy (n, 32, 32, 3) bytes, .labels.npy (n) and classes.json; images.mjs writes them of any
data set of such images. Each model becomes OUT/NAME.onnx (opset 17, any batch), checked against PyTorch, and an entry in
OUT/log.json. Inputs are as the library's default transform gives them: ImageNet's mean and standard deviation, no resize.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

sys.path.insert(0, str(Path(__file__).parent.parent))
from export import Tower, draw_zero_heads, export  # noqa: E402
from networks import ConvNeXt, DenseNet, Mixer, ResNet, ViT  # noqa: E402

MEAN = torch.tensor([0.485, 0.456, 0.406])
STD = torch.tensor([0.229, 0.224, 0.225])
EMBEDDING = 32  # width of the class embeddings that stand in for CLIP's
SHARPNESS = 10  # what cosines are multiplied by before their softmax


@dataclass
class Recipe:
    """AdamW with decay, a rate that rises over the first fifth and falls along a cosine, gradients clipped to norm 1."""

    network: Callable  # of so many outputs
    epochs: int
    rate: float  # the highest
    batch: int = 64
    smoothing: float = 0  # of the labels
    drawn: bool = False  # images of shapes that have no upright and no colour of their own, as `synthetic` draws them


def demo(network: Callable, epochs: int, rate: float) -> Recipe:
    return Recipe(network, epochs, rate, batch=128, smoothing=0.05, drawn=True)


# `demo_` models come with the package; the others are for CIFAR-100.
MODELS = {
    "demo_resnet": demo(lambda n: ResNet(n, (24, 40, 52, 20)), 5, 0.008),
    "demo_densenet": demo(lambda n: DenseNet(n, 16, 8, 3), 7, 0.008),
    "demo_convnext": demo(lambda n: ConvNeXt(n, (24, 56, 16), (1, 2, 1)), 15, 0.01),
    "demo_mixer": demo(lambda n: Mixer(n, 48, 4), 26, 0.008),
    "demo_vit": demo(lambda n: ViT(n, 48, 4, 3), 14, 0.004),
    "demo_image_tower": demo(lambda n: ResNet(n, (24, 40, 56)), 4, 0.008),
    "convnext_small": Recipe(lambda n: ConvNeXt(n, (32, 64, 128), (1, 1, 1)), 5, 0.004),
    "mixer_small": Recipe(lambda n: Mixer(n, 96, 4), 5, 0.003),
    "vit_small": Recipe(lambda n: ViT(n, 96, 4, 4), 5, 0.002),
}


def read(folder: Path, split: str) -> tuple:
    """Images (n, 3, 32, 32) as bytes, and labels (n)."""
    images = torch.from_numpy(np.load(folder / f"{split}.images.npy")).permute(0, 3, 1, 2).contiguous()
    return images, torch.from_numpy(np.load(folder / f"{split}.labels.npy")).long()


def inputs(images):
    x = (images / 255 - MEAN[:, None, None]) / STD[:, None, None]
    return x.contiguous(memory_format=torch.channels_last)  # twice as quick on a CPU


def class_embeddings(names: list) -> torch.Tensor:
    """One unit vector for each class: the sum of one vector for each word of its name, as classes that share words are near
    one another in CLIP. The vectors are drawn, from a seed: nothing here has read any text."""
    generator = torch.Generator().manual_seed(0)
    words = sorted({word for name in names for word in name.split()})
    vectors = dict(zip(words, torch.randn(len(words), EMBEDDING, generator=generator)))
    return normalize(torch.stack([sum(vectors[word] for word in name.split()) for name in names]))


class Shuffle:
    """The order of one epoch's images, and how each is changed: flipped left to right or not; a drawn one also upside down
    and across its diagonal, and with its colour channels in any order."""

    def __init__(self, n: int, drawn: bool, seed: int):
        random = torch.Generator().manual_seed(seed)
        self.order = torch.randperm(n, generator=random)
        self.flips = torch.rand(n, generator=random) < 0.5
        self.drawn = drawn
        if drawn:
            self.falls, self.turns = torch.rand(2, n, generator=random) < 0.5
            self.channels = torch.rand(n, 3, generator=random).argsort(1)

    def change(self, images, batch):
        changes = [(self.flips, lambda x: x.flip(3))]
        if self.drawn:
            images = images[torch.arange(len(batch))[:, None], self.channels[batch]]
            changes += [(self.falls, lambda x: x.flip(2)), (self.turns, lambda x: x.transpose(2, 3))]
        for chosen, change in changes:
            images[chosen[batch]] = change(images[chosen[batch]])
        return images


def train(network, judge, data, recipe: Recipe, seed: int, saved: Path, pause: float):
    """Trains in place. After `pause` seconds what is there is saved, and the next call goes on to the same end.

    Returns the mean loss of each epoch, None while there is more to do."""
    images, labels = data
    per_epoch = len(images) // recipe.batch
    steps = recipe.epochs * per_epoch
    decayed = [p for p in network.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() <= 1]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0}])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps, pct_start=0.2)
    parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
    step, total, losses = 0, 0.0, []
    if saved.exists():
        state = torch.load(saved)
        step, total, losses = state.pop("progress")
        for name, part in parts.items():
            part.load_state_dict(state[name])
    network.train()
    shuffle = None
    started = time.time()
    while step < steps:
        epoch, place = divmod(step, per_epoch)
        if shuffle is None or place == 0:
            shuffle = Shuffle(len(images), recipe.drawn, seed * 1000 + epoch)
        batch = shuffle.order[place * recipe.batch : (place + 1) * recipe.batch]
        outputs = judge(network(inputs(shuffle.change(images[batch], batch))))
        loss = cross_entropy(outputs, labels[batch], label_smoothing=recipe.smoothing)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1)
        optimiser.step()
        schedule.step()
        step += 1
        total += loss.item()
        if step % per_epoch == 0:
            losses.append(round(total / per_epoch, 4))
            total = 0.0
            print(f"  epoch {len(losses)} of {recipe.epochs}: loss {losses[-1]}", flush=True)
        if time.time() - started > pause and step < steps:
            torch.save({**{name: part.state_dict() for name, part in parts.items()}, "progress": (step, total, losses)}, saved)
            print(f"  paused after step {step} of {steps}", flush=True)
            return None
    saved.unlink(missing_ok=True)
    return losses


@torch.no_grad()
def accuracy(network, judge, data) -> float:
    images, labels = data
    hits = [(judge(network(inputs(x))).argmax(1) == y).sum() for x, y in zip(images.split(500), labels.split(500))]
    return round(float(sum(hits)) / len(labels), 4)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="what images.mjs wrote")
    parser.add_argument("--models", nargs="+", choices=MODELS, help="default: those named demo_*")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="default: beside this script")
    parser.add_argument("--suffix", default="", help="of the files' names")
    parser.add_argument("--epochs", type=int, help="0 leaves the weights random; default: each model's own")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2, help="sums split otherwise round otherwise (default 2)")
    parser.add_argument("--pause", type=float, default=float("inf"), metavar="SECONDS", help="stop then; run again to go on")
    args = parser.parse_args()

    torch.set_num_threads(args.threads)
    names = json.loads((args.folder / "classes.json").read_text())
    data, test = read(args.folder, "train"), read(args.folder, "test")
    args.out.mkdir(parents=True, exist_ok=True)
    log_file = args.out / "log.json"
    begun = time.time()
    for model in args.models or [name for name in MODELS if name.startswith("demo_")]:
        recipe = MODELS[model]
        recipe = recipe if args.epochs is None else replace(recipe, epochs=args.epochs)
        torch.manual_seed(args.seed)
        tower = model.endswith("_tower")
        network = recipe.network(EMBEDDING if tower else len(names)).to(memory_format=torch.channels_last)
        judge = nn.Identity()
        if tower:
            embeddings = class_embeddings(names)
            judge = lambda x: SHARPNESS * normalize(x) @ embeddings.T  # noqa: E731
        print(model, flush=True)
        saved = args.out / f"{model}{args.suffix}.part"
        pause = args.pause - (time.time() - begun)
        losses = train(network, judge, data, recipe, args.seed, saved, pause) if recipe.epochs else []
        if losses is None:
            return
        network.eval()
        draw_zero_heads(network)
        network.to(memory_format=torch.contiguous_format)
        file = args.out / f"{model}{args.suffix}.onnx"
        part = Tower(network, "input", "embeddings" if tower else "logits", inputs(test[0][:4]).contiguous())
        figures = export(part, file, None, None)
        entry = {
            "d": figures["d"],
            "c": figures["c"],
            "parameters": sum(p.numel() for p in network.parameters()),
            "bytes": file.stat().st_size,
            "epochs": recipe.epochs,
            "highestRate": recipe.rate,
            "seed": args.seed,
            "threads": args.threads,
            "losses": losses,
            "testAccuracy": accuracy(network, judge, test),
            "differsFromPyTorch": figures["outputDifference"],
            "versions": {"python": platform.python_version(), "torch": torch.__version__, "onnx": version("onnx")},
        }
        print(" ", json.dumps(entry), flush=True)
        log = json.loads(log_file.read_text()) if log_file.exists() else {}
        log_file.write_text(json.dumps({**log, file.stem: entry}, indent=2) + "\n")
        if tower:
            save_embeddings(args.out / "demo_class_embeddings.safetensors", embeddings, names)


def save_embeddings(file: Path, embeddings, names: list) -> None:
    """As `run 5 --text-embeddings` reads them."""
    from safetensors.numpy import save_file

    save_file({"embeddings": embeddings.numpy()}, file, metadata={"classNames": json.dumps(names)})


if __name__ == "__main__":
    main()
