"""The PyTorch side of bench/extract.ts: `python extract.py MODEL.onnx DATA_DIR cifar100:SPLIT[FROM:TO] [cpu|cuda]`, then a
question a line on standard input, an answer in JSON a line on standard output:

    about   versions, and the settings that were found to be the fastest here
    first   the logits of the first image, to show that it is the same model
    run     seconds of one extraction of features and logits, DataLoader included

The model is timm's tf_efficientnet_lite0, with the weights of the .onnx file (whose batch norms are folded into its
convolutions: here they stay, as they do for everyone who runs the model in PyTorch). Needs torch, torchvision, timm, onnx.
"""

import itertools
import json
import os
import re
import sys
import time

import numpy as np
import onnx
import timm
import torch
import torchvision
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

NAME = "tf_efficientnet_lite0"
# Tried before the first run, so that what is compared with is PyTorch at its best on this machine and device.
BATCH_SIZES = {"cpu": (8, 16, 32, 64), "cuda": (32, 128, 256, 512)}
WORKERS = {"cpu": (1, 2), "cuda": (2, 4, 8, 14)}
TRIED_IMAGES = {"cpu": 64, "cuda": 1024}


class Cifar100(Dataset):
    """Images of CIFAR-100's binary file (a coarse label, a fine label, 3 x 32 x 32 bytes), padded and normalised."""

    def __init__(self, folder, spec):
        split, start, stop = re.fullmatch(r"cifar100:(train|test)\[(\d+):(\d+)\]", spec).groups()
        records = np.memmap(f"{folder}/cifar-100-binary/{split}.bin", np.uint8, "r").reshape(-1, 3074)
        self.records = records[int(start) : int(stop)]
        self.transform = v2.Compose(
            [
                v2.CenterCrop(224),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
            ]
        )

    def __len__(self):
        return len(self.records)

    def __getitem__(self, at):
        record = self.records[at]
        return self.transform(torch.from_numpy(record[2:].reshape(3, 32, 32).copy())), int(record[1])


def load_model(file):
    """timm's network; each convolution gets the file's kernel, and the batch norm behind it the file's bias."""
    initializers = [onnx.numpy_helper.to_array(tensor) for tensor in onnx.load(file).graph.initializer]
    kernels = [array for array in initializers if array.ndim == 4]
    biases = [initializers[i + 1] for i, array in enumerate(initializers) if array.ndim == 4]
    head = next(array for array in initializers if array.ndim == 2)
    head_bias = next(array for array in initializers if array.shape == head.shape[:1])

    model = timm.create_model(NAME).eval()
    convolutions = [module for module in model.modules() if isinstance(module, torch.nn.Conv2d)]
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    with torch.no_grad():
        for convolution, norm, kernel, bias in zip(convolutions, norms, kernels, biases, strict=True):
            convolution.weight.copy_(torch.from_numpy(kernel.copy()))
            norm.running_mean.zero_()
            norm.running_var.fill_(1 - norm.eps)
            norm.weight.fill_(1)
            norm.bias.copy_(torch.from_numpy(bias.copy()))
        model.classifier.weight.copy_(torch.from_numpy(head.copy()))
        model.classifier.bias.copy_(torch.from_numpy(head_bias.copy()))
    return model


class Extraction:
    """Features and logits of a data set, with one choice of settings."""

    def __init__(self, model, images, device, batch_size, channels_last, workers):
        self.device = device
        self.settings = {"batchSize": batch_size, "channelsLast": channels_last, "workers": workers}
        self.format = torch.channels_last if channels_last else torch.contiguous_format
        self.model = model.to(memory_format=self.format)
        self.loader = DataLoader(images, batch_size, num_workers=workers, persistent_workers=True, pin_memory=device == "cuda")
        self.features = np.empty((len(images), model.num_features), np.float32)
        self.logits = np.empty((len(images), model.num_classes), np.float32)

    @torch.inference_mode()
    def run(self):
        self.model.to(memory_format=self.format)
        begun, row = time.perf_counter(), 0
        for batch, _ in self.loader:
            inputs = batch.to(self.device, non_blocking=True).contiguous(memory_format=self.format)
            features = self.model.forward_head(self.model.forward_features(inputs), pre_logits=True)
            rows = slice(row, row + len(batch))
            logits = self.model.classifier(features)
            self.features[rows] = features.cpu()
            self.logits[rows] = logits.cpu()
            row += len(batch)
        return time.perf_counter() - begun


def fastest(model, images, device):
    """The settings that take the least time: batch size and layout from the model alone, then workers."""
    inputs = torch.stack([images[i][0] for i in range(min(TRIED_IMAGES[device], len(images)))]).to(device)
    choices = list(itertools.product(BATCH_SIZES[device], (False, True)))
    times = [[time_model(model, inputs, *choice) for choice in choices] for _ in range(2)]
    batch_size, channels_last = choices[int(np.argmin(np.min(times, axis=0)))]
    tried = [Extraction(model, images, device, batch_size, channels_last, workers) for workers in WORKERS[device]]
    times = [[extraction.run() for extraction in tried] for _ in range(2)]
    return tried[int(np.argmin(np.min(times, axis=0)))]


@torch.inference_mode()
def time_model(model, inputs, batch_size, channels_last):
    memory_format = torch.channels_last if channels_last else torch.contiguous_format
    model.to(memory_format=memory_format)
    begun = time.perf_counter()
    for batch in inputs.split(batch_size):
        model(batch.contiguous(memory_format=memory_format))
    if inputs.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - begun


file, folder, spec, device = (*sys.argv[1:], "cpu")[:4]
torch.set_num_threads(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
# float32 means float32 on both sides: TF32 has 10 bits of mantissa.
torch.backends.cudnn.allow_tf32 = False
model, images = load_model(file).to(device), Cifar100(folder, spec)
extraction = fastest(model, images, device)
about = {
    "torch": torch.__version__,
    "device": torch.cuda.get_device_name() if device == "cuda" else "cpu",
    "torchvision": torchvision.__version__,
    "timm": timm.__version__,
    "threads": torch.get_num_threads(),
    **extraction.settings,
}
answers = {"about": lambda: about, "first": lambda: extraction.logits[0].tolist(), "run": extraction.run}
for line in sys.stdin:
    print(json.dumps(answers[line.strip()]()), flush=True)
