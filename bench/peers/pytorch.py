"""Times training steps of a system in PyTorch on the CPU: python pytorch.py NAME STEPS THREADS eager|compile.

Prints one JSON object: the median step in milliseconds, batch preparation included, as the denary side has it.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


def mlp():
    model = nn.Sequential(
        nn.Linear(784, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 10)
    )
    return model, lambda x: x.view(-1, 784), 128, lambda p: torch.optim.RMSprop(p, lr=1e-3, alpha=0.9, eps=1e-7)


def cnn():
    model = nn.Sequential(
        nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
        nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10),
    )
    return model, lambda x: x.unsqueeze(1), 128, lambda p: torch.optim.Adadelta(p, lr=1.0, rho=0.95, eps=1e-7)


class HierarchicalLSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.pixels = nn.LSTM(1, 32, batch_first=True)
        self.rows = nn.LSTM(32, 32, batch_first=True)
        self.head = nn.Linear(32, 10)

    def forward(self, x):
        _, (row, _) = self.pixels(x.reshape(-1, 28, 1))
        _, (last, _) = self.rows(row[0].view(-1, 28, 32))
        return self.head(last[0])


def hrnn():
    return HierarchicalLSTM(), lambda x: x, 64, lambda p: torch.optim.RMSprop(p, lr=1e-3, alpha=0.9, eps=1e-7)


def main():
    name, steps, threads, mode = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model, shape, batch, make_optimizer = {"mlp": mlp, "cnn": cnn, "hrnn": hrnn}[name]()
    model.train()
    optimizer = make_optimizer(model.parameters())
    images = torch.randint(0, 256, (60000, 28, 28), dtype=torch.uint8)
    labels = torch.randint(0, 10, (60000,))
    order = torch.randperm(60000)

    def loss_of(x, y):
        return F.cross_entropy(model(shape(x)), y)

    update = optimizer.step
    if mode == "compile":
        loss_of = torch.compile(loss_of)
        update = torch.compile(optimizer.step)

    times = []
    for step in range(steps):
        began = time.perf_counter()
        chosen = order[(step * batch) % 59000 :][:batch]
        loss = loss_of(images[chosen].float().div_(255), labels[chosen])
        optimizer.zero_grad()
        loss.backward()
        update()
        loss.item()
        times.append(time.perf_counter() - began)
    measured = sorted(times[steps // 4 :])
    median = measured[len(measured) // 2] * 1000
    print(json.dumps({"milliseconds": median, "version": torch.__version__}))


main()
