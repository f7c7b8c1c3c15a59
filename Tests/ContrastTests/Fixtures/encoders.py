"""torchvision's ResNet at any width, with the ImageNet or the small-image stem."""

import torch
from torch import nn

from common import import_torchvision

resnet = import_torchvision().models.resnet

LAYERS = {
    "resnet18": [2, 2, 2, 2], "resnet34": [3, 4, 6, 3], "resnet50": [3, 4, 6, 3], "resnet101": [3, 4, 23, 3],
    "wide_resnet50_2": [3, 4, 6, 3],
}


class ResNet(resnet.ResNet):
    """torchvision's class with `width` channels after the stem (64 is torchvision's) instead of the fixed 64.

    stem "imagenet": 7x7 stride 2 and max pool; "small": 3x3 stride 1 and no max pool.
    """

    def __init__(self, architecture, width=64, stem="imagenet", classes=1000):
        block = resnet.BasicBlock if architecture in ("resnet18", "resnet34") else resnet.Bottleneck
        layers = LAYERS[architecture]
        base = 128 if architecture.startswith("wide") else 64
        super().__init__(block, layers, num_classes=classes, width_per_group=base)
        if width != 64:
            self.inplanes = width
            self.bn1 = nn.BatchNorm2d(width)
            self.layer1 = self._make_layer(block, width, layers[0])
            self.layer2 = self._make_layer(block, 2 * width, layers[1], stride=2)
            self.layer3 = self._make_layer(block, 4 * width, layers[2], stride=2)
            self.layer4 = self._make_layer(block, 8 * width, layers[3], stride=2)
            self.fc = nn.Linear(8 * width * block.expansion, classes)
        if stem == "small":
            self.conv1 = nn.Conv2d(3, width, 3, stride=1, padding=1, bias=False)
            self.maxpool = nn.Identity()
        elif width != 64:
            self.conv1 = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)

    def features(self, x):
        """[N, 3, H, W] to the globally averaged features [N, D], before `fc`."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return torch.flatten(self.avgpool(x), 1)
