"""Repeats training runs with Keras on TensorFlow: its layers, losses and optimizers by the names that denary has them."""

import re

import numpy as np

from exchange import answer

import keras
import tensorflow as tf


def options(spec, *without):
    """kernelSize and beta1 as kernel_size and beta_1."""
    keys = [key for key in spec if key not in without and not key.endswith("Initializer")]
    return {re.sub(r"([A-Z]|(?<=[a-z])\d)", r"_\1", key).lower(): spec[key] for key in keys}


def optimizer_of(spec):
    known = options(spec, "name", "decay")
    optimizer = getattr(keras.optimizers, spec["name"])
    rate = float(known.pop("learning_rate", optimizer().learning_rate))
    if spec.get("decay"):
        rate = keras.optimizers.schedules.InverseTimeDecay(rate, 1, spec["decay"])
    return optimizer(learning_rate=rate, **known)


class Weight:
    """One variable, and how its axes lie here (channels last) and in denary (channels first)."""

    def __init__(self, name, variable, image):
        self.name, self.variable, self.image = name, variable, image

    def here(self, value):
        if value.ndim == 4:
            return value.transpose(2, 3, 1, 0)
        return value if self.image is None else self.moved(value, self.image, (1, 2, 0, 3))

    def there(self, value):
        value = np.asarray(value)
        if value.ndim == 4:
            return value.transpose(3, 2, 0, 1)
        if self.image is None:
            return value
        channels, height, width = self.image
        return self.moved(value, (height, width, channels), (2, 0, 1, 3))

    @staticmethod
    def moved(value, image, order):
        """The rows of a dense layer after a Flatten."""
        return value.reshape(*image, -1).transpose(order).reshape(value.shape)


def build(run):
    """The model, and its weights."""
    spec = run["architecture"]["input"]
    height, width = spec["image"]
    inputs = x = keras.Input([height * width] if spec["as"] == "flat" else [height, width, 1])
    weights, flattened = [], None
    for layer in run["layers"]:
        added = getattr(keras.layers, layer["type"])(**options(layer, "type"))
        if layer["type"] == "Flatten" and len(x.shape) == 4:
            flattened = (x.shape[3], x.shape[1], x.shape[2])
        x = added(x)
        for variable in added.weights:
            image = flattened if variable.name == "kernel" and len(variable.shape) == 2 else None
            weights.append(Weight(f"{layer['name']}/{variable.name}", variable, image))
        if added.weights:
            flattened = None
    return keras.Model(inputs, x), weights


def train(run, dtype):
    model, weights = build(run)
    architecture = run["architecture"]
    loss_of = keras.losses.get(architecture["training"]["loss"])
    sparse = architecture["training"]["loss"].startswith("sparse")

    def reset():
        for weight in weights:
            weight.variable.assign(weight.here(run["weights"][weight.name]))

    def gradients_of(batch):
        """Samples of weight 0 are left out, so that batch normalization does not see them."""
        counts = batch["weights"].astype(dtype)
        there = counts > 0
        x = batch["images"][there].astype(dtype) / architecture["input"]["scale"]
        labels = batch["labels"][there]
        target = labels if sparse else np.eye(architecture["classes"], dtype=dtype)[labels]
        with tf.GradientTape() as tape:
            y = model(x.reshape(-1, *model.input_shape[1:]), training=True)
            losses = loss_of(target, y)
            loss = tf.reduce_sum(losses * counts[there]) / counts.sum()
        return float(loss), tape.gradient(loss, [v.value for v in model.trainable_variables])

    gradients = []
    for batch in run["probes"]:
        reset()
        found = {id(v): g for v, g in zip(model.trainable_variables, gradients_of(batch)[1])}
        gradients.append({w.name: w.there(found[id(w.variable)]) for w in weights if id(w.variable) in found})
    reset()
    optimizer = optimizer_of(architecture["training"]["optimizer"])
    losses = []
    for batch in run["batches"]:
        loss, found = gradients_of(batch)
        optimizer.apply(found, model.trainable_variables)
        losses.append(loss)
    return {"gradients": gradients, "losses": losses, "weights": {w.name: w.there(w.variable) for w in weights}}


def job(given):
    keras.config.set_floatx(given["dtype"])
    return [train(run, given["dtype"]) for run in given["runs"]]


answer(job)
