"""Classifiers as PyTorch's exporters and Keras write them, with what they predict and their gradients in PyTorch."""

import io
import logging
import os
import pathlib
import tempfile
import warnings

from exchange import answer

os.environ["KERAS_BACKEND"] = "torch"

import numpy as np
import onnx
import torch
from torch import nn


def randomised(network):
    """Statistics and scales of normalizations as a training leaves them: none is 0 or 1."""
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.LayerNorm)):
            for name, tensor in module.state_dict().items():
                if tensor.ndim:
                    tensor.copy_(torch.rand_like(tensor) + 0.5)
    return network.eval()


def mlp():
    """GELU, dropout; logits."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 32), nn.GELU(), nn.Dropout(0.2), nn.Linear(32, 10))


class Cnn(nn.Module):
    """Normalization, ReLU6, strides, hard swish, a view by computed sizes; log-probabilities."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, bias=False),
            nn.BatchNorm2d(8),
            nn.ReLU6(),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 12, 3, stride=2),
            nn.Hardswish(),
        )
        self.head = nn.Linear(12 * 6 * 6, 10)

    def forward(self, x):
        x = self.features(x)
        return torch.log_softmax(self.head(x.view(x.size(0), -1)), 1)


def grouped():
    """Automatic padding, leaky ReLU, groups, SiLU, global pooling; probabilities."""
    first = [nn.Conv2d(1, 8, 3, padding="same"), nn.LeakyReLU(), nn.MaxPool2d(2)]
    second = [nn.Conv2d(8, 16, 3, groups=2), nn.SiLU(), nn.AdaptiveAvgPool2d(1)]
    return nn.Sequential(*first, *second, nn.Flatten(), nn.Linear(16, 10), nn.Softmax(1))


def coloured():
    """Three channels, as what was trained on photos; PReLU."""
    first = [nn.Conv2d(3, 8, 5, stride=2), nn.PReLU(8), nn.AvgPool2d(2)]
    return nn.Sequential(*first, nn.Flatten(), nn.Linear(8 * 36, 10))


def normed():
    """Layer normalization, SELU, softplus, the largest of an image."""
    first = [nn.Conv2d(1, 6, 4, stride=4), nn.LayerNorm([6, 7, 7]), nn.SELU(), nn.Conv2d(6, 12, 3), nn.Softplus()]
    return nn.Sequential(*first, nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(12, 10))


def exported(network, x, how, batch=True, **options):
    """ONNX bytes by one of PyTorch's exporters; `batch` False fixes it to that of x."""
    names = {"input_names": ["image"], "output_names": ["probabilities"], "verbose": False}
    if how == "dynamo":
        shapes = {"dynamic_shapes": ({0: torch.export.Dim("n")},)} if batch else {}
        program = torch.onnx.export(network, (x,), dynamo=True, **names, **shapes, **options)
        return program.model_proto
    axes = {"dynamic_axes": {"image": {0: "n"}}} if batch else {}
    file = io.BytesIO()
    torch.onnx.export(network, (x,), file, dynamo=False, **names, **axes, **options)
    return onnx.load_from_string(file.getvalue())


def torch_classifier(make, how, images, labels, mean, std, channels=1, fuse=False, batch=True, **options):
    torch.manual_seed(1)
    network = randomised(make())
    if fuse:
        # What an exporter folds into one: its weights are those of the fused network.
        first, normalization = network.features[0], network.features[1]
        network.features[0] = nn.utils.fusion.fuse_conv_bn_eval(first, normalization)
        network.features[1] = nn.Identity()
        network.requires_grad_(True)
    mean, std = (torch.tensor(values).reshape(1, -1, 1, 1) for values in (mean, std))
    x = ((torch.from_numpy(images).float() / 255)[:, None] - mean) / std
    x = x.expand(-1, channels, -1, -1)
    output = network(x)
    probabilities = output if isinstance(network, nn.Sequential) and isinstance(network[-1], nn.Softmax) else output.softmax(1)
    nn.functional.nll_loss(probabilities.log(), torch.from_numpy(labels).long()).backward()
    model = exported(network, x if batch else x[:1], how, batch, **options)
    weights = {name: (weight.detach().numpy(), weight.grad.numpy()) for name, weight in network.named_parameters()}
    return model, probabilities.detach().numpy(), gradients_of(model, weights)


def keras_classifier(images, labels, mean, std):
    import keras
    from keras import layers as L

    keras.utils.set_random_seed(1)
    first = [keras.Input((28, 28, 1)), L.Conv2D(8, 3, activation="relu"), L.BatchNormalization(), L.MaxPooling2D()]
    second = [L.Conv2D(12, 3, padding="same", activation="gelu"), L.AveragePooling2D(2), L.Flatten(), L.Dropout(0.3)]
    network = keras.Sequential([*first, *second, L.Dense(16, activation="elu"), L.Dense(10, activation="softmax")])
    normalization = network.layers[1]
    for variable in [*normalization.variables, *(layer.bias for layer in network.layers if hasattr(layer, "bias"))]:
        # No two alike: the exporter merges equal tensors.
        variable.assign(np.random.uniform(0.5, 1.5, variable.shape))
    x = (((images.astype(np.float32) / 255) - np.float32(mean[0])) / np.float32(std[0]))[..., None]
    probabilities = network(x, training=False)
    nn.functional.nll_loss(probabilities.log(), torch.from_numpy(labels).long()).backward()
    numpy = lambda tensor: tensor.detach().cpu().numpy()
    weights = {v.path: (numpy(v.value), numpy(v.value.grad)) for v in network.trainable_variables}
    # Written as x s with s = gamma / sqrt(variance + epsilon), whose gradient is gamma's by what it is divided by.
    gamma, gradient = weights.pop(normalization.gamma.path)
    deviation = np.sqrt(numpy(normalization.moving_variance.value) + normalization.epsilon)
    weights["scale"] = (gamma / deviation, gradient * deviation)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "model.onnx")
        network.export(path, format="onnx", verbose=False)
        model = onnx.load(path)
    return model, numpy(probabilities), gradients_of(model, weights)


def gradients_of(model, weights):
    """By the names of the file's initializers, each told by its values; exporters transpose kernels and extend biases."""
    found = {}
    for tensor in model.graph.initializer:
        array = onnx.numpy_helper.to_array(tensor)
        for value, gradient in weights.values():
            for axes in {tuple(range(value.ndim)), tuple(range(value.ndim))[::-1], (3, 2, 0, 1)}:
                if len(axes) != value.ndim or value.size != array.size:
                    continue
                moved = value.transpose(axes)
                same_axes = moved.shape == array.shape or moved.ndim == 1
                if same_axes and np.allclose(moved.reshape(array.shape), array, rtol=1e-5, atol=1e-7):
                    found[tensor.name] = gradient.transpose(axes).reshape(array.shape)
    if len(found) != len(weights):
        raise ValueError(f"{len(weights)} weights, of which {len(found)} are in the file: {list(found)}")
    return found


MAKERS = {
    "mlp, dynamo": lambda **data: torch_classifier(mlp, "dynamo", **data),
    "mlp, torchscript": lambda **data: torch_classifier(mlp, "torchscript", opset_version=13, **data),
    "cnn, dynamo": lambda **data: torch_classifier(Cnn, "dynamo", fuse=True, **data),
    "cnn, torchscript": lambda **data: torch_classifier(Cnn, "torchscript", fuse=True, **data),
    "cnn with its normalization, torchscript": lambda **data: torch_classifier(
        Cnn,
        "torchscript",
        training=torch.onnx.TrainingMode.PRESERVE,
        do_constant_folding=False,
        **data,
    ),
    "grouped, dynamo": lambda **data: torch_classifier(grouped, "dynamo", opset_version=21, **data),
    "grouped, of one image, torchscript": lambda **data: torch_classifier(
        grouped, "torchscript", batch=False, opset_version=14, **data
    ),
    "cnn, of one image, dynamo": lambda **data: torch_classifier(Cnn, "dynamo", fuse=True, batch=False, **data),
    "coloured, dynamo": lambda **data: torch_classifier(coloured, "dynamo", channels=3, **data),
    "normed, torchscript": lambda **data: torch_classifier(normed, "torchscript", opset_version=17, **data),
    "normed, dynamo": lambda **data: torch_classifier(normed, "dynamo", **data),
    "keras": keras_classifier,
}


def make(item):
    model, probabilities, gradients = MAKERS[item.pop("make")](**item)
    data = np.frombuffer(model.SerializeToString(), np.uint8)
    return {"model": data, "probabilities": probabilities, "gradients": gradients}


logging.disable()
warnings.simplefilter("ignore")
answer(make)
