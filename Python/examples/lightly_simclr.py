"""lightly's SimCLR example with Diptych's loader in place of its own: lightly_simclr.py photos/."""

import sys

import torch
import torchvision
from lightly.loss import NTXentLoss
from lightly.models.modules import SimCLRProjectionHead
from torch import nn

import diptych

views = {
    "branches": [
        {
            "count": 2,
            "size": 32,
            "steps": [
                {"resized_crop": {"scale": [0.2, 1.0]}},
                "horizontal_flip",
                {
                    "color_jitter": {
                        "brightness": 0.4,
                        "contrast": 0.4,
                        "saturation": 0.4,
                        "hue": 0.1,
                        "p": 0.8,
                    }
                },
                {"grayscale": {"p": 0.2}},
            ],
        }
    ]
}


class SimCLR(nn.Module):
    """The model of lightly's example."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.projection_head = SimCLRProjectionHead(512, 512, 128)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """The projections ``[N, 128]``."""
        return self.projection_head(self.backbone(x).flatten(start_dim=1))


def main(images: str, epochs: int = 10) -> None:
    """Trains as lightly's example does."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = SimCLR(nn.Sequential(*list(torchvision.models.resnet18().children())[:-1])).to(device)
    # The only change: this was a torch.utils.data.DataLoader over a LightlyDataset.
    dataloader = diptych.Loader(
        images,
        views=views,
        batch_size=256,
        epochs=epochs,
        collate="tuple",
        pin_memory=device == "cuda",
    )
    criterion = NTXentLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.06)
    for epoch in range(epochs):
        total_loss = 0.0
        for batch in dataloader:
            x0, x1 = batch[0]
            z0 = model(x0.to(device))
            z1 = model(x1.to(device))
            loss = criterion(z0, z1)
            total_loss += loss.detach()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        print(f"epoch: {epoch:>02}, loss: {total_loss / len(dataloader):.5f}")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
