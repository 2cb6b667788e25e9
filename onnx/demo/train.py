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
import sys
import time
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
BATCH = 64
EMBEDDING = 32  # width of the class embeddings that stand in for CLIP's
SHARPNESS = 10  # what cosines are multiplied by before their softmax

# NAME: (network of so many outputs, epochs, highest learning rate). `demo_` models come with the package; the others are for
# CIFAR-100.
MODELS = {
    "demo_resnet": (lambda n: ResNet(n, (24, 40, 56, 12)), 3, 0.006),
    "demo_densenet": (lambda n: DenseNet(n, 16, 8, 3), 3, 0.006),
    "demo_convnext": (lambda n: ConvNeXt(n, (24, 48, 16), (1, 1, 1)), 3, 0.005),
    "demo_mixer": (lambda n: Mixer(n, 48, 3), 4, 0.004),
    "demo_vit": (lambda n: ViT(n, 48, 3, 3), 4, 0.003),
    "demo_image_tower": (lambda n: ResNet(n, (24, 40, 56)), 2, 0.006),
    "convnext_small": (lambda n: ConvNeXt(n, (32, 64, 128), (1, 1, 1)), 5, 0.004),
    "mixer_small": (lambda n: Mixer(n, 96, 4), 5, 0.003),
    "vit_small": (lambda n: ViT(n, 96, 4, 4), 5, 0.002),
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


def train(network, judge, data, epochs: int, rate: float, seed: int, saved: Path, pause: float):
    """AdamW with a rate that rises and falls once; each image flipped left to right at random.

    After `pause` seconds what is there is saved, and the next call goes on to the same end. Returns the mean loss of each
    epoch, None while there is more to do."""
    images, labels = data
    per_epoch = len(images) // BATCH
    decayed = [p for p in network.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() <= 1]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.05}, {"params": others, "weight_decay": 0}])
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=epochs * per_epoch, pct_start=0.2)
    parts = {"network": network, "optimiser": optimiser, "schedule": schedule}
    step, total, losses = 0, 0.0, []
    if saved.exists():
        state = torch.load(saved)
        step, total, losses = state.pop("progress")
        for name, part in parts.items():
            part.load_state_dict(state[name])
    network.train()
    order = None
    started = time.time()
    while step < epochs * per_epoch:
        epoch, place = divmod(step, per_epoch)
        if order is None or place == 0:
            random = torch.Generator().manual_seed(seed * 1000 + epoch)
            order = torch.randperm(len(images), generator=random)
            flips = torch.rand(len(images), generator=random) < 0.5
        batch = order[place * BATCH : (place + 1) * BATCH]
        x, flip = inputs(images[batch]), flips[batch]
        x[flip] = x[flip].flip(3)
        loss = cross_entropy(judge(network(x)), labels[batch])
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
            print(f"  epoch {len(losses)} of {epochs}: loss {losses[-1]}", flush=True)
        if time.time() - started > pause and step < epochs * per_epoch:
            torch.save({**{name: part.state_dict() for name, part in parts.items()}, "progress": (step, total, losses)}, saved)
            print(f"  paused after step {step} of {epochs * per_epoch}", flush=True)
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
    parser.add_argument("--pause", type=float, default=float("inf"), metavar="SECONDS", help="stop then; run again to go on")
    args = parser.parse_args()

    names = json.loads((args.folder / "classes.json").read_text())
    data, test = read(args.folder, "train"), read(args.folder, "test")
    args.out.mkdir(parents=True, exist_ok=True)
    log_file = args.out / "log.json"
    begun = time.time()
    for model in args.models or [name for name in MODELS if name.startswith("demo_")]:
        build, epochs, rate = MODELS[model]
        epochs = epochs if args.epochs is None else args.epochs
        torch.manual_seed(args.seed)
        tower = model.endswith("_tower")
        network = build(EMBEDDING if tower else len(names)).to(memory_format=torch.channels_last)
        judge = nn.Identity()
        if tower:
            embeddings = class_embeddings(names)
            judge = lambda x: SHARPNESS * normalize(x) @ embeddings.T  # noqa: E731
        print(model, flush=True)
        saved = args.out / f"{model}{args.suffix}.part"
        losses = train(network, judge, data, epochs, rate, args.seed, saved, args.pause - (time.time() - begun)) if epochs else []
        if losses is None:
            return
        network.eval()
        draw_zero_heads(network)
        network.to(memory_format=torch.contiguous_format)
        file = args.out / f"{model}{args.suffix}.onnx"
        part = Tower(network, "input", "embeddings" if tower else "logits", inputs(test[0][:4]).contiguous())
        figures = export(part, file, None)
        entry = {
            "d": figures["d"],
            "c": figures["c"],
            "parameters": sum(p.numel() for p in network.parameters()),
            "bytes": file.stat().st_size,
            "epochs": epochs,
            "losses": losses,
            "testAccuracy": accuracy(network, judge, test),
            "differsFromPyTorch": figures["outputDifference"],
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
