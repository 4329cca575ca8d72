"""Keras on TensorFlow's CPU: python keras-tensorflow.py ORDER, a work order as JSON with mode graph or xla; see bench/clock.mjs.

A step is one tf.function over weights, optimizer and data that stay in TensorFlow: less to do than train_on_batch or fit.
"""

import os

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import tensorflow as tf
from keras import layers, ops, optimizers
from measuring import noise, race, read_order, rows


def conv(filters, activation=None):
    return layers.Conv2D(filters, 3, activation=activation)


def flat(*stack):
    return [layers.Flatten(), *stack]


def pictures(*stack):
    return [layers.Lambda(lambda x: x[..., None]), *stack]


def mlp():
    hidden = [layers.Dense(64, "relu"), layers.Dropout(0.1), layers.Dense(64, "relu"), layers.Dropout(0.1)]
    return flat(*hidden, layers.Dense(10)), optimizers.RMSprop(1e-3)


def cnn():
    convolutions = [conv(32, "relu"), conv(64, "relu"), layers.MaxPooling2D(), layers.Dropout(0.25), layers.Flatten()]
    head = [layers.Dense(128, "relu"), layers.Dropout(0.5), layers.Dense(10)]
    return pictures(*convolutions, *head), optimizers.Adadelta(1.0)


def cnn_bn():
    def normalised(layer):
        return [layer, layers.BatchNormalization(), layers.ReLU()]

    convolutions = [*normalised(conv(32)), *normalised(conv(32)), layers.MaxPooling2D(), layers.Flatten()]
    return pictures(*convolutions, *normalised(layers.Dense(128)), layers.Dropout(0.2), layers.Dense(10)), optimizers.Adam(0.01)


def hrnn():
    # All rows of a batch at once: TimeDistributed would take them one after the other.
    stack = [
        layers.Lambda(lambda x: ops.reshape(x, (-1, 28, 1))),
        layers.LSTM(32),
        layers.Lambda(lambda x: ops.reshape(x, (-1, 28, 32))),
        layers.LSTM(32),
        layers.Dense(10),
    ]
    return stack, optimizers.RMSprop(1e-3)


def string():
    first = [layers.BatchNormalization(), conv(28, "relu"), layers.MaxPooling2D(), conv(28, "relu"), layers.MaxPooling2D()]
    second = [layers.Dropout(0.2), conv(56, "relu"), conv(56, "relu"), layers.Dropout(0.2), layers.Flatten()]
    return pictures(*first, *second, layers.Dense(784, "relu"), layers.Dropout(0.4), layers.Dense(55)), optimizers.Adam(1e-3)


SYSTEMS = {"mlp": mlp, "cnn": cnn, "cnn-bn": cnn_bn, "hrnn": hrnn, "string": string}


def main():
    order = read_order()
    tf.config.threading.set_intra_op_parallelism_threads(order["threads"])
    tf.config.threading.set_inter_op_parallelism_threads(order["threads"])
    keras.utils.set_random_seed(0)
    slots, classes = order["slots"], order["classes"]
    images, labels, places = (tf.constant(array) for array in noise(order))
    function = tf.function(jit_compile=order["mode"] == "xla")

    def build(batch):
        stack, optimizer = SYSTEMS[order["system"]]()
        inputs = keras.Input(tuple(order["image"]), batch)
        outputs = inputs
        for layer in stack:
            outputs = layer(outputs)
        return keras.Model(inputs, outputs), optimizer

    def training(batch):
        model, optimizer = build(batch)
        optimizer.build(model.trainable_variables)
        bounds = rows(order, batch)

        @function
        def train(x, y):
            with tf.GradientTape() as tape:
                logits = tf.reshape(model(tf.cast(x, tf.float32) / 255, training=True), [-1, classes])
                losses = tf.nn.sparse_softmax_cross_entropy_with_logits(tf.reshape(y, [-1]), logits)
                loss = tf.reduce_mean(losses) * slots
            optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
            return loss

        def step():
            start, end = next(bounds)
            chosen = places[start:end]
            return float(train(tf.gather(images, chosen), tf.gather(labels, chosen)))

        return step

    def inference(batch):
        model, _ = build(batch)
        bounds = rows(order, batch)

        @function
        def predict(x):
            return tf.nn.softmax(model(tf.cast(x, tf.float32) / 255, training=False))

        def step():
            start, end = next(bounds)
            predict(images[start:end]).numpy()

        return step

    versions = {"TensorFlow": tf.__version__, "Keras": keras.__version__}
    race(order, training if order["task"] == "training" else inference, versions)


main()
