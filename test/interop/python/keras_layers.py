"""One layer of Keras as a model of its own: the .keras file that it saves, and what it answers to drawn inputs."""

from exchange import answer

import os
import tempfile

import keras
import numpy as np


def single(item):
    random = np.random.default_rng(3)
    layer = getattr(keras.layers, item["layer"])(**item["config"])
    inputs = [keras.Input(shape) for shape in item["shapes"]]
    model = keras.Model(inputs, layer(inputs if len(inputs) > 1 else inputs[0]))
    # Variances are among them: nothing is below 0.1.
    model.set_weights([random.uniform(0.1, 1, np.shape(weight)).astype("float32") for weight in model.get_weights()])
    given = [random.normal(size=(2, *shape)).astype("float32") for shape in item["shapes"]]
    found = model(given if len(given) > 1 else given[0], training=False)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        model.save(path)
        with open(path, "rb") as file:
            saved = np.frombuffer(file.read(), np.uint8)
    return {"file": saved, "inputs": given, "output": np.asarray(found)}


answer(single)
