"""PyTorch on the CPU: python pytorch.py ORDER, a work order as JSON with mode eager or compile; see bench/clock.mjs."""

import torch
from measuring import noise, race, read_order, rows
from torch import nn
from torch.nn import functional as F

ADAM = {"eps": 1e-7}


def rmsprop(parameters):
    return torch.optim.RMSprop(parameters, lr=1e-3, alpha=0.9, eps=1e-7)


def mlp():
    layers = [nn.Linear(784, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.1)]
    return nn.Sequential(nn.Flatten(), *layers, nn.Linear(64, 10)), rmsprop


def cnn():
    model = nn.Sequential(
        nn.Unflatten(1, (1, 28)), nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Dropout(0.25), nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10),
    )
    return model, lambda p: torch.optim.Adadelta(p, lr=1.0, rho=0.95, eps=1e-7)


def cnn_bn():
    model = nn.Sequential(
        nn.Unflatten(1, (1, 28)), nn.Conv2d(1, 32, 3), nn.BatchNorm2d(32, 1e-3, 0.01), nn.ReLU(),
        nn.Conv2d(32, 32, 3), nn.BatchNorm2d(32, 1e-3, 0.01), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(4608, 128), nn.BatchNorm1d(128, 1e-3, 0.01), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10),
    )
    return model, lambda p: torch.optim.Adam(p, lr=0.01, **ADAM)


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
    return HierarchicalLSTM(), rmsprop


def string():
    model = nn.Sequential(
        nn.Unflatten(1, (1, 28)), nn.BatchNorm2d(1, 1e-3, 0.01), nn.Conv2d(1, 28, 3), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(28, 28, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.2), nn.Conv2d(28, 56, 3), nn.ReLU(),
        nn.Conv2d(56, 56, 3), nn.ReLU(), nn.Dropout(0.2), nn.Flatten(), nn.Linear(1624, 784), nn.ReLU(),
        nn.Dropout(0.4), nn.Linear(784, 55),
    )
    return model, lambda p: torch.optim.Adam(p, lr=1e-3, **ADAM)


SYSTEMS = {"mlp": mlp, "cnn": cnn, "cnn-bn": cnn_bn, "hrnn": hrnn, "string": string}


def main():
    order = read_order()
    torch.set_num_threads(order["threads"])
    torch.manual_seed(0)
    compiling = order["mode"] == "compile"
    slots, classes = order["slots"], order["classes"]
    images, labels, places = (torch.from_numpy(array) for array in noise(order))

    def prepare(chosen):
        return images[chosen].float().div_(255)

    def training(batch):
        model, make_optimizer = SYSTEMS[order["system"]]()
        model.train()
        optimizer = make_optimizer(model.parameters())
        bounds = rows(order, batch)

        def loss_of(x, y):
            # The sum over the slots of the mean over the batch.
            return F.cross_entropy(model(x).view(-1, classes), y.view(-1)) * slots

        # One shape for each: a compiler that was shown another size makes slower code for all sizes.
        loss_of, update = (compiled(loss_of), compiled(optimizer.step)) if compiling else (loss_of, optimizer.step)

        def step():
            start, end = next(bounds)
            chosen = places[start:end]
            loss = loss_of(prepare(chosen), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            update()
            return loss.item()

        return step

    def inference(batch):
        model, _ = SYSTEMS[order["system"]]()
        model.eval()
        bounds = rows(order, batch)

        def predict(x):
            return F.softmax(model(x), -1)

        predict = compiled(predict) if compiling else predict

        @torch.inference_mode()
        def step():
            start, end = next(bounds)
            predict(images[start:end].float().div_(255)).numpy()

        return step

    def compiled(function):
        return torch.compile(function, dynamic=False)

    def fresh(make_step):
        def make(batch):
            torch.compiler.reset()
            return make_step(batch)

        return make

    race(order, fresh(training if order["task"] == "training" else inference), {"PyTorch": torch.__version__})


main()
