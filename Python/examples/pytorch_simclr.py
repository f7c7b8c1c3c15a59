"""SimCLR in plain PyTorch with Diptych's loader: python pytorch_simclr.py photos/ [epochs]."""

import sys

import torch
from torch import nn
from torch.nn import functional as F
from torchvision.models import resnet18

import diptych

views = {
    "branches": [
        {
            "count": 2,
            "size": 96,
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


def nt_xent(z1: torch.Tensor, z2: torch.Tensor, temperature: float = 0.2) -> torch.Tensor:
    """Chen et al. 2020: cross-entropy of the other view among all 2N - 1."""
    z = F.normalize(torch.cat([z1, z2]))
    scores = z @ z.T / temperature
    scores.fill_diagonal_(float("-inf"))
    pairs = len(z1)
    targets = torch.arange(2 * pairs, device=z.device).roll(pairs)
    return F.cross_entropy(scores, targets)


def main(images: str, epochs: int = 10) -> None:
    """Trains and leaves encoder.pt."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    loader = diptych.Loader(
        images, views=views, batch_size=64, epochs=epochs, pin_memory=device == "cuda"
    )
    encoder = resnet18()
    encoder.fc = nn.Identity()
    head = nn.Sequential(nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 128))
    model = nn.Sequential(encoder, head).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.06, momentum=0.9, weight_decay=5e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * len(loader))
    for epoch in loader.epochs():
        for batch in epoch:
            x1, x2 = batch.torch(device)
            z1, z2 = model(torch.cat([x1, x2])).chunk(2)
            loss = nt_xent(z1, z2)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        print(f"epoch {batch.epoch + 1}  loss {loss.item():.3f}")
    torch.save(encoder.state_dict(), "encoder.pt")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
