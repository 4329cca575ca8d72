"""Graph models as tensorflowjs_converter writes them: Keras models and functions, frozen, optimized, as JSON and one shard."""

import json
import os
import pathlib
import sys

# oneDNN's own fusions are not what the converter makes.
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np

import keras
import tensorflow as tf
from google.protobuf.json_format import MessageToDict
from tensorflow.core.protobuf import config_pb2, rewriter_config_pb2
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from tensorflow.core.protobuf.device_properties_pb2 import NamedDevice
from tensorflow.python.grappler import tf_optimizer
from tensorflow.python.grappler.cluster import Cluster
from tensorflow.python.saved_model.utils_impl import build_tensor_info_internal
from tensorflow.python.training.saver import export_meta_graph

layers = keras.layers
image = (24, 24, 3)

# What the converter asks grappler for, with the fusions that TensorFlow.js knows.
FIRST = ["pruning", "constfold", "arithmetic", "dependency", "pruning", "constfold", "arithmetic", "dependency"]
THEN = ["remap"]
FUSED = ["Const", "Conv2D", "DepthwiseConv2dNative", "MatMul", "BiasAdd", "FusedBatchNormV3", "Relu", "Relu6", "Elu", "LeakyRelu"]


def optimized(frozen, passes):
    graph_def = frozen.graph.as_graph_def()
    meta = export_meta_graph(graph_def=graph_def, graph=frozen.graph)
    fetch = meta.collection_def["train_op"]
    fetch.node_list.value.extend(tensor.name for tensor in frozen.outputs)
    signature = meta.signature_def["serving_default"]
    for ends, tensors in ((signature.inputs, frozen.inputs), (signature.outputs, frozen.outputs)):
        for tensor in tensors:
            ends[tensor.name].CopyFrom(build_tensor_info_internal(tensor))
    config = config_pb2.ConfigProto()
    config.graph_options.rewrite_options.CopyFrom(
        rewriter_config_pb2.RewriterConfig(optimizers=passes, min_graph_nodes=-1)
    )
    # Fusions are made for nodes on a CPU alone, some of which TensorFlow.js does not know.
    device = NamedDevice(name="/job:localhost/replica:0/task:0/device:CPU:0")
    device.properties.type = "CPU"
    for node in meta.graph_def.node:
        if node.op in FUSED:
            node.device = device.name
    found = tf_optimizer.OptimizeGraph(config, meta, cluster=Cluster(devices=[device]))
    for node in found.node:
        node.device = ""
        # By the name that TensorFlow.js has for it.
        node.op = node.op.replace("_FusedDepthwise", "FusedDepthwise")
    return found


def take_weights(nodes, weights, data):
    for node in nodes:
        if node.op != "Const":
            continue
        value = tf.make_ndarray(node.attr["value"].tensor)
        if value.dtype == np.int64:
            value = value.astype(np.int32)
        if value.dtype.kind in "SO":
            continue
        if not any(entry["name"] == node.name for entry in weights):
            weights.append({"name": node.name, "shape": list(value.shape), "dtype": value.dtype.name})
            data.append(np.ascontiguousarray(value).tobytes())
        tensor = node.attr["value"].tensor
        shape, dtype = tensor.tensor_shape, tensor.dtype
        clean = type(tensor)(dtype=dtype, tensor_shape=shape)
        node.attr["value"].tensor.CopyFrom(clean)


def described(tensors):
    return {
        name: {
            "name": tensor.name,
            "dtype": f"DT_{tensor.dtype.name.upper().replace('FLOAT32', 'FLOAT')}",
            "tensorShape": {"dim": [{"size": str(-1 if size is None else size)} for size in tensor.shape]},
        }
        for name, tensor in tensors.items()
    }


def write(folder, call, inputs, lower=True, fuse=True):
    """A function of named tensors, which gives named tensors."""
    concrete = tf.function(call).get_concrete_function(*inputs)
    frozen = convert_variables_to_constants_v2(concrete, lower_control_flow=lower)
    names = [spec.name for spec in inputs]
    graph_def = optimized(frozen, FIRST + (THEN if fuse else []))
    weights, data = [], []
    take_weights(graph_def.node, weights, data)
    for function in graph_def.library.function:
        take_weights(function.node_def, weights, data)
    outputs = {f"out_{i}": tensor for i, tensor in enumerate(frozen.outputs)}
    model = {
        "format": "graph-model",
        "generatedBy": tf.__version__,
        "convertedBy": "graph_models.py",
        "signature": {"inputs": described(dict(zip(names, frozen.inputs))), "outputs": described(outputs)},
        "modelTopology": MessageToDict(graph_def),
        "weightsManifest": [{"paths": ["group1-shard1of1.bin"], "weights": weights}],
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "group1-shard1of1.bin").write_bytes(b"".join(data))
    (folder / "model.json").write_text(json.dumps(model))
    random = np.random.default_rng(11)
    given = {spec.name: drawn_input(spec, random) for spec in inputs}
    found = dict(zip(outputs, frozen(*(tf.constant(value) for value in given.values()))))
    answers = {"inputs": given, "outputs": {name: value.numpy() for name, value in found.items()}}
    (folder / "answers.json").write_text(
        json.dumps(answers, default=lambda value: {"shape": value.shape, "data": value.ravel().tolist()})
    )


def drawn_input(spec, random):
    """Numbers from -1 to 1; of words, where the model's first layer looks them up."""
    shape = [2 if size is None else size for size in spec.shape]
    words = spec.name == "words"
    return (random.integers(0, 20, shape) if words else random.uniform(-1, 1, shape)).astype(np.float32)


def drawn(model):
    """With weights that leave nothing at zero, and moments as if trained."""
    random = np.random.default_rng(7)
    for weight in model.weights:
        low, high = (0.5, 1.5) if "variance" in weight.name or "gamma" in weight.name else (-0.3, 0.3)
        weight.assign(random.uniform(low, high, weight.shape))
    return model


def sequential(shape, *stack):
    return drawn(keras.Sequential([keras.Input(shape), *stack]))


def mobilenet_v1():
    def block(filters, strides):
        return [
            layers.DepthwiseConv2D(3, strides=strides, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(6.0),
            layers.Conv2D(filters, 1, padding="same", use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(6.0),
        ]

    return sequential(
        image,
        layers.ZeroPadding2D(((0, 1), (0, 1))),
        layers.Conv2D(8, 3, strides=2, use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(6.0),
        *block(12, 1),
        *block(16, 2),
        layers.GlobalAveragePooling2D(keepdims=True),
        layers.Conv2D(10, 1),
        layers.Reshape((10,)),
        layers.Softmax(),
    )


def mobilenet_v3():
    inputs = keras.Input(image)
    x = layers.Conv2D(8, 3, strides=2, padding="same", activation="hard_swish")(inputs)
    y = layers.DepthwiseConv2D(5, padding="same")(x)
    squeezed = layers.GlobalAveragePooling2D(keepdims=True)(y)
    squeezed = layers.Conv2D(4, 1, activation="relu")(squeezed)
    squeezed = layers.Conv2D(8, 1, activation="hard_sigmoid")(squeezed)
    y = layers.Multiply()([y, squeezed])
    x = layers.Add()([x, y])
    x = layers.Conv2D(6, 3, dilation_rate=2, activation="swish")(x)
    x = layers.Flatten()(x)
    return drawn(keras.Model(inputs, layers.Dense(5, activation="softmax")(x)))


def unet():
    inputs = keras.Input(image)
    down = layers.Conv2D(6, 3, padding="same", activation="relu")(inputs)
    x = layers.MaxPooling2D()(down)
    x = layers.Conv2D(8, 3, padding="same", activation="elu")(x)
    x = layers.UpSampling2D(interpolation="bilinear")(x)
    x = layers.Concatenate()([x, down])
    x = layers.Conv2DTranspose(4, 3, strides=2, padding="same")(x)
    x = layers.LeakyReLU(negative_slope=0.1)(x)
    return drawn(keras.Model(inputs, layers.Conv2D(2, 1, activation="sigmoid")(x)))


def branches():
    left, right = keras.Input((12,), name="left"), keras.Input((12,), name="right")
    x = layers.Concatenate()([layers.Dense(6, activation="tanh")(left), layers.Dense(6, activation="selu")(right)])
    x = layers.LayerNormalization()(x)
    return drawn(keras.Model([left, right], [layers.Dense(3, activation="softmax")(x), layers.Dense(1)(x)]))


MODELS = {
    "mobilenet-v1": mobilenet_v1,
    "mobilenet-v3": mobilenet_v3,
    "unet": unet,
    "branches": branches,
    "cnn": lambda: sequential(
        image,
        layers.Conv2D(6, 3, strides=2, padding="same", activation="relu"),
        layers.AveragePooling2D(3, strides=2, padding="same"),
        layers.PReLU(shared_axes=[1, 2]),
        layers.SeparableConv2D(5, 3),
        layers.UpSampling2D(2),
        layers.GlobalMaxPooling2D(),
        layers.Dense(4, activation="softmax"),
    ),
    "lstm": lambda: sequential((9, 5), layers.LSTM(7), layers.Dense(3, activation="softmax")),
    "lstm-stack": lambda: sequential(
        (6, 5), layers.LSTM(7, return_sequences=True), layers.Bidirectional(layers.LSTM(4)), layers.Dense(3)
    ),
    "gru": lambda: sequential((6, 5), layers.GRU(7), layers.Dense(3, activation="softmax")),
    "simple-rnn": lambda: sequential((6, 5), layers.SimpleRNN(7, return_sequences=True)),
    "embedding": lambda: sequential(
        (8,), layers.Embedding(20, 6), layers.Conv1D(5, 3, padding="same"), layers.GlobalAveragePooling1D()
    ),
}


def many_operators(x):
    """Operators of image classifiers that Keras' layers above do not make."""
    y = tf.nn.bias_add(x, [0.1, -0.2, 0.3])
    y = tf.where(y > 0.5, y, tf.square(y)) + tf.math.rsqrt(tf.abs(y) + 1.0)
    a, b, c = tf.split(y, 3, axis=-1)
    y = tf.concat([tf.maximum(a, b), tf.minimum(b, c), tf.math.squared_difference(a, c), tf.exp(-c)], axis=-1)
    y = tf.pad(y, [[0, 0], [1, 2], [0, 1], [0, 0]], constant_values=0.5)
    y = tf.pad(y, [[0, 0], [1, 1], [2, 2], [0, 0]], mode="REFLECT")
    y = y[:, 1:-1, ::2, ::-1] * tf.cast(tf.reshape(tf.range(4), [1, 1, 1, 4]), tf.float32)
    y = tf.concat([y, y[:, 6:1:-3]], axis=1)
    y = tf.image.resize(y, [9, 7], method="nearest")
    y = tf.gather(y, [3, 0, 2], axis=3)
    z = tf.transpose(y, [0, 3, 1, 2])[:, :, 2, :]
    z = tf.stack([z, tf.tile(z[:, :1, :], [1, 3, 1])], axis=1)
    first, second = tf.unstack(z, axis=1)
    logits = tf.reduce_sum(first, axis=2) + tf.reduce_max(second, axis=[2]) - tf.reduce_min(second, 2)
    mean, variance = tf.nn.moments(tf.reshape(y, [tf.shape(y)[0], -1]), axes=[1], keepdims=True)
    logits = tf.math.softplus(logits) * tf.math.log(2.0 + variance) + mean
    return tf.nn.log_softmax(logits), tf.argmax(logits, axis=-1, output_type=tf.int32), tf.reduce_prod(logits, 1)


def main(folder):
    for name, build in MODELS.items():
        model = build()
        only = "words" if name == "embedding" else "x"
        names = [tensor.name if len(model.inputs) > 1 else only for tensor in model.inputs]
        specs = [
            tf.TensorSpec([None, *tensor.shape[1:]], tensor.dtype, name=name)
            for name, tensor in zip(names, model.inputs)
        ]

        def call(*inputs, model=model):
            return model(list(inputs) if len(inputs) > 1 else inputs[0], training=False)

        recurrent = any(word in name for word in ["lstm", "gru", "rnn"])
        write(folder / name, call, specs)
        if recurrent:
            write(folder / f"{name}-functions", call, specs, lower=False)
        else:
            write(folder / f"{name}-unfused", call, specs, fuse=False)
    write(folder / "operators", many_operators, [tf.TensorSpec([None, 10, 8, 3], tf.float32, name="x")])


main(pathlib.Path(sys.argv[1]))
