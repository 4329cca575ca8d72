"""Models of Keras in the files that it saves, the HDF5 ones in Keras 2's form as well, with what they answer."""

import json
import os
import pathlib
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "2"

import numpy as np

import h5py
import keras

layers = keras.layers
RANDOM = np.random.default_rng(5)


def drawn(model):
    """With weights that leave nothing at zero, and variances above it."""
    values = [weight.numpy() for weight in model.weights]
    names = [weight.path if hasattr(weight, "path") else weight.name for weight in model.weights]
    # The counters of random generators are weights, too.
    model.set_weights(
        [
            value
            if value.dtype.kind != "f"
            else RANDOM.uniform(0.5, 1.5, value.shape)
            if "variance" in name
            else RANDOM.uniform(-0.4, 0.4, value.shape)
            for name, value in zip(names, values)
        ]
    )
    return model


def image_classifier():
    return keras.Sequential(
        [
            keras.Input((14, 14, 2)),
            layers.Rescaling(1 / 2, offset=0.1),
            layers.Conv2D(4, 3, strides=2, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.DepthwiseConv2D(3, padding="same", depth_multiplier=2),
            layers.SeparableConv2D(6, 3, activation="elu"),
            layers.LayerNormalization(),
            layers.PReLU(shared_axes=[1, 2]),
            layers.SpatialDropout2D(0.1),
            layers.Conv2DTranspose(3, 3, strides=2, padding="same"),
            layers.AveragePooling2D(2),
            layers.ZeroPadding2D(((0, 1), (1, 0))),
            layers.UpSampling2D(2, interpolation="bilinear"),
            layers.MaxPooling2D(3, padding="same"),
            layers.Activation("sigmoid"),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(7, activation="gelu"),
            layers.Dense(7, activation="swish"),
            layers.Dense(5, activation="softmax"),
        ]
    )


def recurrent():
    return keras.Sequential(
        [
            keras.Input((6, 5)),
            layers.Conv1D(5, 3, padding="causal"),
            layers.Bidirectional(layers.LSTM(4, return_sequences=True)),
            layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode="sum"),
            layers.TimeDistributed(layers.Dense(5, activation="tanh")),
            layers.GRU(4, return_sequences=True, reset_after=False),
            layers.SimpleRNN(5, return_sequences=True, go_backwards=True),
            layers.LSTM(4),
            layers.Dense(3),
        ]
    )


def several():
    """Several inputs and outputs, models inside, one of them called twice."""
    inner_input = keras.Input((6,))
    inner = keras.Model(inner_input, layers.Dense(4, activation="relu")(layers.Dense(5)(inner_input)), name="inner")
    chain = keras.Sequential([keras.Input((4,)), layers.Dense(4, use_bias=False), layers.LeakyReLU(0.2)], name="chain")
    left, right = keras.Input((6,), name="left"), keras.Input((6,), name="right")
    a, b = inner(left), inner(right)
    joined = layers.Concatenate()([layers.Add()([a, b]), layers.Multiply()([chain(a), b])])
    return keras.Model([left, right], [layers.Dense(3, activation="softmax", name="kind")(joined), layers.Dense(1)(joined)])


def words():
    return keras.Sequential(
        [
            keras.Input((7,)),
            layers.Embedding(20, 4),
            layers.Permute((2, 1)),
            layers.Reshape((7, 4)),
            layers.GlobalAveragePooling1D(),
            layers.RepeatVector(3),
            layers.GlobalMaxPooling1D(),
            layers.Dense(4, activation="tanh"),
        ]
    )


def hard():
    """What Keras 3 computes in another way than Keras 2 did."""
    return keras.Sequential(
        [keras.Input((5, 3)), layers.LSTM(4, recurrent_activation="hard_sigmoid"), layers.Dense(4, "hard_sigmoid")]
    )


BUILDERS = {"image": image_classifier, "recurrent": recurrent, "several": several, "words": words, "hard": hard}


def inputs_of(name, model):
    shapes = [(2, *tensor.shape[1:]) for tensor in model.inputs]
    if name == "words":
        return [RANDOM.integers(0, 20, shape).astype("float32") for shape in shapes]
    return [RANDOM.uniform(-1, 1, shape).astype("float32") for shape in shapes]


def older(value):
    """A configuration as Keras 2.15 writes it."""
    if isinstance(value, list):
        return [older(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "DTypePolicy":
        return value["config"]["name"]
    known = {key: older(item) for key, item in value.items() if key not in ("module", "registered_name", "build_config")}
    if "batch_shape" in known:
        known["batch_input_shape"] = known.pop("batch_shape")
    for node in value.get("inbound_nodes", []):
        known["inbound_nodes"] = [calls_of(node) for node in value["inbound_nodes"]]
    if "input_layers" in known:
        for key in ("input_layers", "output_layers"):
            known[key] = [known[key]] if isinstance(known[key][0], str) else known[key]
    return known


def calls_of(node):
    """What a layer is given: [layer, node, tensor, {}] of each."""
    tensors = node["args"][0] if isinstance(node["args"][0], list) else node["args"]
    return [[*tensor["config"]["keras_history"], {}] for tensor in tensors]


def write_older(source, target):
    """The same file in Keras 2's form, which numbers the outputs of weights and knows another hard sigmoid."""
    with h5py.File(source) as given, h5py.File(target, "w") as file:
        file.attrs["keras_version"] = "2.15.0"
        file.attrs["backend"] = "tensorflow"
        file.attrs["model_config"] = json.dumps(older(json.loads(given.attrs["model_config"])))
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = given["model_weights"].attrs["layer_names"]
        for layer, group in given["model_weights"].items():
            names = [name.decode() if isinstance(name, bytes) else name for name in group.attrs["weight_names"]]
            out = weights.create_group(layer)
            out.attrs["weight_names"] = [f"{name}:0".encode() for name in names]
            for name in names:
                out[f"{name}:0"] = group[name][()]


def main(folder):
    answers = {}
    for name, build in BUILDERS.items():
        model = drawn(build())
        given = inputs_of(name, model)
        found = model(given if len(given) > 1 else given[0], training=False)
        found = found if isinstance(found, (list, tuple)) else [found]
        model.save(folder / f"{name}.keras")
        model.save(folder / f"{name}.h5")
        write_older(folder / f"{name}.h5", folder / f"{name}-2.h5")
        answers[name] = {"inputs": given, "outputs": [np.array(value) for value in found]}
    keras.Sequential([keras.Input((4,)), layers.Dense(2)]).save_weights(folder / "alone.weights.h5")
    given = keras.Input((4, 6))
    odd = layers.GroupNormalization(2)(layers.MultiHeadAttention(2, 3)(given, given))
    keras.Model(given, odd).save(folder / "odd.keras")
    (folder / "answers.json").write_text(
        json.dumps(answers, default=lambda value: {"shape": value.shape, "data": value.ravel().tolist()})
    )


main(pathlib.Path(sys.argv[1]))
