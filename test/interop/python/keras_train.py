"""Repeats training runs with Keras on TensorFlow: its layers, losses and optimizers, by the names that denary has."""

import functools
import json
import re

import numpy as np

from exchange import answer

import keras
import tensorflow as tf

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)


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
    return optimizer(learning_rate=rate, use_ema="ema_momentum" in known, **known)


class Plain:
    """How a variable lies in denary: as in Keras, where nothing else is said."""

    def here(self, value):
        return value

    def there(self, value):
        return value


class Convolution(Plain):
    """Channels first in denary."""

    def here(self, value):
        return value.transpose(2, 3, 1, 0)

    def there(self, value):
        return value.transpose(3, 2, 0, 1)


class AfterFlatten(Plain):
    """The rows of a dense layer's kernel, which come from an image."""

    def __init__(self, height, width, channels):
        self.sizes = height, width, channels

    def here(self, value):
        height, width, channels = self.sizes
        return value.reshape(channels, height, width, -1).transpose(1, 2, 0, 3).reshape(value.shape)

    def there(self, value):
        return value.reshape(*self.sizes, -1).transpose(2, 0, 1, 3).reshape(value.shape)


class Gates(Plain):
    """An LSTM's: input, forget, cell, output in Keras; input, output, forget, cell and transposed in denary."""

    def here(self, value):
        i, o, f, c = np.split(value[0], 4)
        return np.concatenate([i, f, c, o]).T

    def there(self, value):
        i, f, c, o = np.split(value.T, 4)
        return np.concatenate([i, o, f, c])[None]


class GateBiases(Gates):
    """With a second half in denary that stays zero."""

    def here(self, value):
        return super().here(np.split(value, 2, axis=1)[0])

    def there(self, value):
        first = super().there(value)
        return np.concatenate([first, np.zeros_like(first)], axis=1)


class Weight:
    def __init__(self, name, variable, layout):
        self.name, self.variable, self.layout = name, variable, layout

    def assign(self, value):
        self.variable.assign(self.layout.here(value))

    def there(self, value):
        return self.layout.there(np.array(value))


def heads(name, count, units):
    layers = [keras.layers.Dense(count * units), keras.layers.Reshape([count, units]), keras.layers.Softmax()]
    return keras.Sequential(layers, name=name)


def layer_of(spec):
    known = options(spec, "type", "layer")
    for key, value in known.items():
        if key.endswith("_regularizer"):
            known[key] = keras.regularizers.L1L2(**value)
    if "layer" in spec:
        known["layer"] = layer_of(spec["layer"])
    return heads(**known) if spec["type"] == "Heads" else getattr(keras.layers, spec["type"])(**known)


def logistic_loss(target, y):
    """Of each class, summed: Keras has their mean."""
    return keras.losses.binary_crossentropy(target, y) * y.shape[-1]


def layout_of(spec, variable, flattened):
    kind = spec.get("layer", spec)["type"]
    if kind == "LSTM":
        return GateBiases() if variable.name == "bias" else Gates()
    if variable.name != "kernel":
        return Plain()
    if kind == "Conv2D":
        return Convolution()
    return AfterFlatten(*flattened) if flattened else Plain()


def build(spec, layers):
    """The model, and its weights."""
    height, width = spec["image"]
    inputs = x = keras.Input([height * width] if spec["as"] == "flat" else [height, width, 1])
    weights, flattened = [], None
    for spec in layers:
        if spec["type"] == "Flatten" and len(x.shape) == 4:
            flattened = x.shape[1:]
        layer = layer_of(spec)
        x = layer(x)
        for variable in layer.weights:
            weights.append(Weight(f"{spec['name']}/{variable.name}", variable, layout_of(spec, variable, flattened)))
        if layer.weights:
            flattened = None
    return keras.Model(inputs, x), weights


# The losses that are computed from the logits of an activation, by words in their names.
OWN_LOSSES = {"softmax": ["categorical"], "sigmoid": ["binary", "logistic"]}


@functools.cache
def prepared(description):
    """
    The model that is described in JSON, its weights, and a batch's loss and gradients. These are traced once, for any
    batch size and for all runs that differ in their optimizer alone: tracing takes longer than all the steps.
    """
    dtype, spec, layers, loss_name, reduction = json.loads(description)
    keras.config.set_floatx(dtype)
    model, weights = build(spec, layers)
    loss_of = logistic_loss if loss_name == "logistic_loss" else keras.losses.get(loss_name)
    shape = [None, *model.output_shape[1:]]
    targets = tf.TensorSpec(shape[:-1], "int32") if loss_name.startswith("sparse") else tf.TensorSpec(shape, dtype)
    samples = tf.TensorSpec([None, *model.input_shape[1:]], dtype)

    @tf.function(input_signature=[samples, targets, tf.TensorSpec([None], dtype)])
    def differentiated(x, target, counts):
        with tf.GradientTape() as tape:
            y = model(x, training=True)
            if not any(word in loss_name for word in OWN_LOSSES.get(layers[-1].get("activation"), [])):
                # Keras remembers any activation's logits and takes them for those that the loss would like: not what it
                # documents.
                y = tf.identity(y)
            losses = tf.reduce_sum(tf.reshape(loss_of(target, y), [tf.size(counts), -1]), 1)
            whole = 1 if reduction == "sum" else tf.reduce_sum(counts)
            loss = tf.reduce_sum(losses * counts) / whole + sum(model.losses)
        return loss, tape.gradient(loss, [variable.value for variable in model.trainable_variables])

    return model, weights, differentiated


def train(run):
    dtype, architecture = run["dtype"], run["architecture"]
    training = architecture["training"]
    parts = [dtype, architecture["input"], run["layers"], training["loss"], training.get("reduction")]
    model, weights, differentiated = prepared(json.dumps(parts))

    def reset():
        for weight in weights:
            weight.assign(run["weights"][weight.name])

    def gradients_of(batch):
        """Samples of weight 0 are left out, so that batch normalization does not see them."""
        there = batch["weights"] > 0
        x = batch["images"][there].astype(dtype) / architecture["input"]["scale"]
        labels = batch["labels"][there]
        sparse = training["loss"].startswith("sparse")
        target = labels if sparse else np.eye(architecture["classes"], dtype=dtype)[labels]
        counts = batch["weights"][there].astype(dtype)
        loss, found = differentiated(x.reshape(-1, *model.input_shape[1:]), target, counts)
        return float(loss), found

    def weights_now(names):
        return {weight.name: weight.there(weight.variable) for weight in weights if weight.name in names}

    trained = {id(variable) for variable in model.trainable_variables}
    statistics = [weight.name for weight in weights if id(weight.variable) not in trained]
    probes = []
    for batch in run["probes"]:
        reset()
        _, found = gradients_of(batch)
        by_variable = {id(v): g for v, g in zip(model.trainable_variables, found)}
        gradients = {w.name: w.there(by_variable[id(w.variable)]) for w in weights if id(w.variable) in by_variable}
        probes.append({"gradients": gradients, "statistics": weights_now(statistics)})
    reset()
    optimizer = optimizer_of(training["optimizer"])
    losses = []
    for batch in run["batches"]:
        loss, found = gradients_of(batch)
        optimizer.apply(found, model.trainable_variables)
        losses.append(loss)
    optimizer.finalize_variable_values(model.trainable_variables)
    return {"probes": probes, "losses": losses, "weights": weights_now(run["weights"])}


answer(train)
