"""Small networks of the published families, for 32 x 32 images. Each ends in `head`, one nn.Linear.

What stands before the head is the family's own, since that decides what a head's outputs give away:

    ResNet     ReLU, then the mean over the map       features >= 0
    DenseNet   BatchNorm, ReLU, then the mean         features >= 0
    ConvNeXt   the mean, then LayerNorm               features on a sphere, up to the norm's own scale and shift
    MLP-Mixer  LayerNorm, then the mean over tokens   neither
    ViT        LayerNorm of the class token           features on a sphere, up to the norm's own scale and shift
"""

import torch
from torch import nn


def conv_norm(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Sequential:
    conv = nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs))


class Residual(nn.Module):
    """He et al. 2016: two 3 x 3 convolutions and a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.body = nn.Sequential(conv_norm(inputs, outputs, 3, stride), nn.ReLU(), conv_norm(outputs, outputs, 3))
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else conv_norm(inputs, outputs, 1, stride)

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self, classes: int, widths: tuple, blocks: int = 1):
        super().__init__()
        layers = [conv_norm(3, widths[0], 3, 2), nn.ReLU()]
        inputs = widths[0]
        for stage, width in enumerate(widths):
            for block in range(blocks):
                layers.append(Residual(inputs, width, 2 if stage > 0 and block == 0 else 1))
                inputs = width
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(inputs, classes)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))


class Dense(nn.Module):
    """Huang et al. 2017: what comes in, and beside it what one convolution makes of it."""

    def __init__(self, inputs: int, growth: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(inputs), nn.ReLU(), nn.Conv2d(inputs, growth, 3, padding=1, bias=False)
        )

    def forward(self, x):
        return torch.cat([x, self.body(x)], 1)


class DenseNet(nn.Module):
    def __init__(self, classes: int, stem: int, growth: int, layers: int, stages: int = 3):
        super().__init__()
        parts = [nn.Conv2d(3, stem, 3, 2, 1, bias=False)]
        width = stem
        for stage in range(stages):
            if stage > 0:
                half = width // 2
                parts += [nn.BatchNorm2d(width), nn.ReLU(), nn.Conv2d(width, half, 1, bias=False), nn.AvgPool2d(2)]
                width = half
            for _ in range(layers):
                parts.append(Dense(width, growth))
                width += growth
        self.body = nn.Sequential(*parts, nn.BatchNorm2d(width), nn.ReLU())
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        return self.head(self.body(x).mean((2, 3)))


class ChannelsLast(nn.Module):
    """A layer over the last axis, put to work on (n, channels, height, width)."""

    def __init__(self, layer: nn.Module):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def mlp(width: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, hidden), nn.GELU(), nn.Linear(hidden, width))


class ConvNeXtBlock(nn.Module):
    """Liu et al. 2022: a depthwise convolution, LayerNorm, an MLP of four times the width, a scale for each channel."""

    def __init__(self, width: int, kernel: int):
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=width)
        self.body = nn.Sequential(nn.LayerNorm(width), mlp(width, 4 * width))
        self.scale = nn.Parameter(torch.full((width,), 0.5))

    def forward(self, x):
        y = self.body(self.depthwise(x).permute(0, 2, 3, 1)) * self.scale
        return x + y.permute(0, 3, 1, 2)


class ConvNeXt(nn.Module):
    def __init__(self, classes: int, widths: tuple, blocks: tuple, kernel: int = 5):
        super().__init__()
        layers = [nn.Conv2d(3, widths[0], 2, 2), ChannelsLast(nn.LayerNorm(widths[0]))]
        for stage, width in enumerate(widths):
            if stage > 0:
                before = widths[stage - 1]
                layers += [ChannelsLast(nn.LayerNorm(before)), nn.Conv2d(before, width, 2, 2)]
            layers += [ConvNeXtBlock(width, kernel) for _ in range(blocks[stage])]
        self.body = nn.Sequential(*layers)
        self.norm = nn.LayerNorm(widths[-1])
        self.head = nn.Linear(widths[-1], classes)

    def forward(self, x):
        return self.head(self.norm(self.body(x).mean((2, 3))))


class MixerBlock(nn.Module):
    """Tolstikhin et al. 2021: an MLP across tokens, then one across channels."""

    def __init__(self, tokens: int, width: int, token_hidden: int, hidden: int):
        super().__init__()
        self.token_norm, self.tokens = nn.LayerNorm(width), mlp(tokens, token_hidden)
        self.norm, self.channels = nn.LayerNorm(width), mlp(width, hidden)

    def forward(self, x):
        x = x + self.tokens(self.token_norm(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channels(self.norm(x))


class Mixer(nn.Module):
    def __init__(self, classes: int, width: int, depth: int, patch: int = 4):
        super().__init__()
        tokens = (32 // patch) ** 2
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.body = nn.Sequential(*[MixerBlock(tokens, width, tokens, 2 * width) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        x = self.body(self.patches(x).flatten(2).transpose(1, 2))
        return self.head(self.norm(x).mean(1))


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x):
        n, tokens, width = x.shape
        q, k, v = self.qkv(x).reshape(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) * (width // self.heads) ** -0.5).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).reshape(n, tokens, width))


class ViTBlock(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.attention = nn.Sequential(nn.LayerNorm(width), Attention(width, heads))
        self.mlp = nn.Sequential(nn.LayerNorm(width), mlp(width, 2 * width))

    def forward(self, x):
        x = x + self.attention(x)
        return x + self.mlp(x)


class ViT(nn.Module):
    """Dosovitskiy et al. 2021."""

    def __init__(self, classes: int, width: int, depth: int, heads: int, patch: int = 4):
        super().__init__()
        self.patches = nn.Conv2d(3, width, patch, patch)
        self.class_token = nn.Parameter(torch.zeros(1, 1, width))
        self.places = nn.Parameter(torch.randn(1, (32 // patch) ** 2 + 1, width) * 0.02)
        self.body = nn.Sequential(*[ViTBlock(width, heads) for _ in range(depth)])
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], 1) + self.places
        return self.head(self.norm(self.body(x)[:, 0]))
