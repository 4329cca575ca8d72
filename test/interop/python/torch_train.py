"""Repeats training runs with PyTorch's autograd; losses and optimizers are written out by Keras' formulas."""

from exchange import answer

import torch
from torch.nn import functional as F

torch.set_num_threads(1)

ACTIVATIONS = {
    "linear": lambda x: x,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "elu": F.elu,
    "softmax": lambda x: torch.softmax(x, -1),
}


def dense(x, w, layer):
    return x @ w["kernel"] + w.get("bias", 0)


def conv(x, w, layer):
    assert layer.get("padding", "valid") == "valid"
    return F.conv2d(x, w["kernel"], w.get("bias"), layer.get("strides", 1))


def pool(x, w, layer):
    assert layer.get("padding", "valid") == "valid"
    return F.max_pool2d(x, layer.get("poolSize", 2), layer.get("strides"))


def normalize(x, w, layer):
    """By the batch's mean and variance; the moving ones follow it in place."""
    axes = [axis for axis in range(x.ndim) if axis != 1]
    mean, variance = x.mean(axes), x.var(axes, correction=0)
    momentum = layer.get("momentum", 0.99)
    with torch.no_grad():
        w["moving_mean"].lerp_(mean, 1 - momentum)
        w["moving_variance"].lerp_(variance, 1 - momentum)

    def shaped(value):
        return value.reshape([-1] + [1] * (x.ndim - 2))

    scale = w["gamma"] / torch.sqrt(variance + layer.get("epsilon", 1e-3))
    return (x - shaped(mean)) * shaped(scale) + shaped(w["beta"])


def lstm(x, w, layer):
    """PyTorch's own, with the gates in the order input, forget, cell, output."""

    def gates(rows):
        i, o, f, c = rows.chunk(4)
        return torch.cat([i, f, c, o])

    values = {"weight_ih_l0": gates(w["kernel"][0]), "weight_hh_l0": gates(w["recurrent_kernel"][0])}
    if "bias" in w:
        bias = w["bias"][0].chunk(2)[0]
        values |= {"bias_ih_l0": gates(bias), "bias_hh_l0": torch.zeros_like(bias)}
    module = torch.nn.LSTM(x.shape[-1], layer["units"], bias="bias" in w, batch_first=True, dtype=x.dtype)
    y, _ = torch.func.functional_call(module, values, (x,))
    return y if layer.get("returnSequences") else y[:, -1]


def time_distributed(x, w, layer):
    _, y = applied(x.flatten(0, 1), w, layer["layer"])
    return y.unflatten(0, x.shape[:2])


def heads(x, w, layer):
    """Each by itself."""
    parts = zip(w["kernel"].chunk(layer["count"], 1), w["bias"].chunk(layer["count"]))
    return torch.stack([x @ kernel + bias for kernel, bias in parts], 1)


LAYERS = {
    "Dense": dense,
    "Conv2D": conv,
    "MaxPooling2D": pool,
    "BatchNormalization": normalize,
    "LSTM": lstm,
    "TimeDistributed": time_distributed,
    "Heads": heads,
    "Flatten": lambda x, w, layer: x.flatten(1),
    "Dropout": lambda x, w, layer: x,
    "Activation": lambda x, w, layer: x,
}


def applied(x, w, layer):
    """What goes into a layer's activation, and what comes out."""
    y = LAYERS[layer["type"]](x, w, layer)
    return y, ACTIVATIONS[activation_of(layer)](y)


def activation_of(layer):
    return "softmax" if layer["type"] == "Heads" else layer.get("activation", "linear")


def crossentropy(y, logits, target):
    if "softmax" in logits:
        z = logits["softmax"]
        return torch.logsumexp(z, -1) - (z * target).sum(-1)
    p = (y / y.sum(-1, keepdim=True)).clip(1e-7, 1 - 1e-7)
    return -(target * p.log()).sum(-1)


def logistic(y, logits, target):
    if "sigmoid" in logits:
        z = logits["sigmoid"]
        return torch.logaddexp(z, torch.zeros_like(z)) - target * z
    p = y.clip(1e-7, 1 - 1e-7)
    return -(target * p.log() + (1 - target) * (1 - p).log())


# Of probabilities, what went into the activation that made them, by its name, and one-hot labels.
LOSSES = {
    "categorical_crossentropy": crossentropy,
    "sparse_categorical_crossentropy": crossentropy,
    "binary_crossentropy": lambda y, logits, target: logistic(y, logits, target).mean(-1),
    "logistic_loss": lambda y, logits, target: logistic(y, logits, target).sum(-1),
    "mean_squared_error": lambda y, logits, target: ((y - target) ** 2).mean(-1),
}


def penalty(w, layer):
    """What a layer's regularizers add to the loss."""
    specs = {part: layer.get(part + "Regularizer", {}) for part in ["kernel", "bias"]}
    return sum(
        spec.get("l1", 0) * w[part].abs().sum() + spec.get("l2", 0) * (w[part] ** 2).sum()
        for part, spec in specs.items()
        if spec
    )


def sgd(w, g, slots, t, rate, momentum=0, nesterov=False):
    m = slots["m"] = momentum * slots.get("m", 0) - rate * g
    return w + momentum * m - rate * g if nesterov else w + m


def rmsprop(w, g, slots, t, rate, rho=0.9, epsilon=1e-7):
    v = slots["v"] = rho * slots.get("v", 0) + (1 - rho) * g**2
    return w - rate * g / torch.sqrt(v + epsilon)


def adam(w, g, slots, t, rate, beta1=0.9, beta2=0.999, epsilon=1e-7):
    m = slots["m"] = beta1 * slots.get("m", 0) + (1 - beta1) * g
    v = slots["v"] = beta2 * slots.get("v", 0) + (1 - beta2) * g**2
    return w - rate * (1 - beta2**t) ** 0.5 / (1 - beta1**t) * m / (torch.sqrt(v) + epsilon)


def adadelta(w, g, slots, t, rate, rho=0.95, epsilon=1e-7):
    a = slots["a"] = rho * slots.get("a", 0) + (1 - rho) * g**2
    d = slots.get("d", torch.zeros_like(g))
    step = g * torch.sqrt(d + epsilon) / torch.sqrt(a + epsilon)
    slots["d"] = rho * d + (1 - rho) * step**2
    return w - rate * step


OPTIMIZERS = {"SGD": (sgd, 0.01), "RMSprop": (rmsprop, 0.001), "Adam": (adam, 0.001), "Adadelta": (adadelta, 0.001)}


def train(run):
    dtype = getattr(torch, run["dtype"])
    architecture = run["architecture"]
    spec, training = architecture["input"], architecture["training"]
    settings = dict(training["optimizer"])
    update, rate = OPTIMIZERS[settings.pop("name")]
    rate, decay = settings.pop("learningRate", rate), settings.pop("decay", 0)

    def initial():
        values = {name: torch.tensor(value, dtype=dtype) for name, value in run["weights"].items()}
        return {name: value.requires_grad_("/moving_" not in name) for name, value in values.items()}

    def weights_of(layer, weights):
        prefix = layer["name"] + "/"
        return {name.removeprefix(prefix): w for name, w in weights.items() if name.startswith(prefix)}

    def forward(x, weights):
        """The model's output, and what went into its last activation, by its name."""
        before = None
        for layer in run["layers"]:
            before, x = applied(x, weights_of(layer, weights), layer)
        return x, {activation_of(run["layers"][-1]): before}

    def gradients_of(batch, weights):
        """Samples of weight 0 are left out, so that batch normalization does not see them."""
        counts = torch.tensor(batch["weights"], dtype=dtype)
        there = counts > 0
        x = torch.tensor(batch["images"])[there].to(dtype) / spec["scale"]
        x = {"flat": x.flatten(1), "image": x.unsqueeze(1), "rows": x.unsqueeze(3)}[spec["as"]]
        target = F.one_hot(torch.tensor(batch["labels"])[there].long(), architecture["classes"]).to(dtype)
        losses = LOSSES[training["loss"]](*forward(x, weights), target).reshape(len(x), -1).sum(1)
        whole = 1 if training.get("reduction") == "sum" else counts.sum()
        penalties = sum(penalty(weights_of(layer, weights), layer) for layer in run["layers"])
        loss = (losses * counts[there]).sum() / whole + penalties
        trained = {name: w for name, w in weights.items() if w.requires_grad}
        return float(loss), dict(zip(trained, torch.autograd.grad(loss, list(trained.values()))))

    def plain(values):
        return {name: value.detach().numpy() for name, value in values.items()}

    probes = []
    for batch in run["probes"]:
        weights = initial()
        gradients = plain(gradients_of(batch, weights)[1])
        statistics = {name: weight for name, weight in weights.items() if not weight.requires_grad}
        probes.append({"gradients": gradients, "statistics": plain(statistics)})
    weights, losses = initial(), []
    slots = {name: {} for name in weights}
    for t, batch in enumerate(run["batches"]):
        loss, found = gradients_of(batch, weights)
        losses.append(loss)
        with torch.no_grad():
            for name, g in found.items():
                now = rate / (1 + decay * t)
                weights[name] = update(weights[name], g, slots[name], t + 1, now, **settings).requires_grad_()
    return {"probes": probes, "losses": losses, "weights": plain(weights)}


answer(train)
