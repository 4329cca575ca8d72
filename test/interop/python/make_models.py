"""ONNX files as others write them: onnx.helper, and PyTorch's two exporters. An item names what to make."""

import io
import logging
import pathlib
import tempfile
import warnings

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h

from exchange import answer

TYPES = ["float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool"]


def value(name, kind=T.FLOAT, shape=None):
    return h.make_tensor_value_info(name, kind, shape)


def file_of(nodes, inputs, outputs, initializers=(), opset=17, ir=8, domains=(), **more):
    graph = h.make_graph(nodes, "made", inputs, outputs, list(initializers), **more)
    imports = [h.make_opsetid("", opset), *(h.make_opsetid(domain, 1) for domain in domains)]
    return h.make_model(graph, opset_imports=imports, ir_version=ir, producer_name="onnx.helper")


def encodings():
    """Each element type in its typed field and as raw bytes, with extremes; a scalar, and a tensor without elements."""
    tensors, arrays = [], []
    for name in TYPES:
        dtype = np.dtype(name)
        if dtype.kind in "iu":
            array = np.array([[np.iinfo(dtype).min, 0, 1], [2, 3, np.iinfo(dtype).max]], dtype)
        else:
            array = np.array([[-1.5, 0, 1e-40], [3, np.inf, np.pi]]).astype(dtype)
        kind = h.np_dtype_to_tensor_dtype(dtype)
        tensors.append(h.make_tensor(f"{name}_typed", kind, array.shape, array.flatten()))
        tensors.append(h.make_tensor(f"{name}_raw", kind, array.shape, array.tobytes(), raw=True))
        arrays += [array, array]
    for name, array in {"scalar": np.array(2.5, np.float32), "empty": np.zeros([2, 0], np.float32)}.items():
        tensors.append(h.make_tensor(name, T.FLOAT, array.shape, array.flatten()))
        arrays.append(array)
    nodes = [h.make_node("Identity", [t.name], [f"{t.name}_out"]) for t in tensors]
    outputs = [value(f"{t.name}_out", t.data_type, t.dims) for t in tensors]
    return {"model": file_of(nodes, [], outputs, tensors), "feeds": {}, "outputs": arrays}


def attributes():
    """A node for each kind of attribute; strings are only counted, since a session of denary's gives none."""
    tensor = onnx.numpy_helper.from_array(np.arange(6, dtype=np.float32).reshape(2, 3))
    given = {
        "value": (tensor, T.FLOAT, np.arange(6, dtype=np.float32).reshape(2, 3)),
        "value_float": (0.1, T.FLOAT, np.float32(0.1)),
        "value_floats": ([0.1, -1e-30], T.FLOAT, np.array([0.1, -1e-30], np.float32)),
        "value_int": (-7, T.INT64, np.int64(-7)),
        "value_ints": ([-(2**40), 0, 2**40], T.INT64, np.array([-(2**40), 0, 2**40])),
        "value_strings": (["zwölf", ""], T.INT64, np.array([2])),
    }
    nodes, outputs = [], []
    for name, (attribute, kind, expected) in given.items():
        texts = name == "value_strings"
        nodes.append(h.make_node("Constant", [], [f"{name}_texts" if texts else name], **{name: attribute}))
        if texts:
            nodes.append(h.make_node("Shape", [f"{name}_texts"], [name]))
        outputs.append(value(name, kind, np.shape(expected)))
    return {"model": file_of(nodes, [], outputs), "feeds": {}, "outputs": [item[2] for item in given.values()]}


def structure():
    """An input left out, two outputs of a node, symbolic and unnamed sizes, no names, metadata."""
    nodes = [
        h.make_node("Clip", ["x", "", "most"], ["clipped"]),
        h.make_node("Split", ["clipped", "sizes"], ["left", "right"], axis=1),
        h.make_node("Mul", ["left", "most"], ["y"], doc_string="of the left half"),
    ]
    constants = [h.make_tensor("most", T.FLOAT, [], [2.0]), h.make_tensor("sizes", T.INT64, [2], [1, 2])]
    outputs = [value("y", T.FLOAT, ["batch", None]), value("right", T.FLOAT, ["batch", 2])]
    model = file_of(nodes, [value("x", T.FLOAT, ["batch", 3])], outputs, constants)
    h.set_model_props(model, {"author": "someone"})
    x = np.array([[1, 2, 3], [-4, 5, 0.5]], np.float32)
    clipped = np.minimum(x, 2)
    return {"model": model, "feeds": {"x": x}, "outputs": [clipped[:, :1] * 2, clipped[:, 1:]]}


def old():
    """IR version 3, where an initializer is an input, too; opset 9, where a Slice to the end ends at 2^63 - 1."""
    nodes = [
        h.make_node("Slice", ["x"], ["tail"], axes=[0], starts=[1], ends=[2**63 - 1]),
        h.make_node("Add", ["tail", "b"], ["y"]),
    ]
    constants = [h.make_tensor("b", T.FLOAT, [1], [10.0])]
    inputs = [value("x", T.FLOAT, [3]), value("b", T.FLOAT, [1])]
    model = file_of(nodes, inputs, [value("y", T.FLOAT, [2])], constants, opset=9, ir=3)
    x = np.array([1, 2, 3], np.float32)
    return {"model": model, "feeds": {"x": x}, "outputs": [x[1:] + 10]}


def external():
    model = file_of(
        [h.make_node("Add", ["x", "w"], ["y"])],
        [value("x", T.FLOAT, [4])],
        [value("y", T.FLOAT, [4])],
        [onnx.numpy_helper.from_array(np.ones(4, np.float32), "w")],
    )
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "model.onnx")
        onnx.save(model, path, save_as_external_data=True, location="w.bin", size_threshold=0)
        return {"model": onnx.load(path, load_external_data=False)}


def subgraph():
    def branch(name):
        return h.make_graph([h.make_node(name, ["x"], [f"{name}_out"])], name, [], [value(f"{name}_out", T.FLOAT, [1])])

    node = h.make_node("If", ["c"], ["y"], then_branch=branch("Relu"), else_branch=branch("Neg"))
    return {"model": file_of([node], [value("c", T.BOOL, []), value("x", T.FLOAT, [1])], [value("y", T.FLOAT, [1])])}


def sparse():
    values, indices = h.make_tensor("w", T.FLOAT, [1], [3.0]), h.make_tensor("i", T.INT64, [1], [2])
    node, edge = h.make_node("Identity", ["w"], ["y"]), value("y", T.FLOAT, [4])
    return {"model": file_of([node], [], [edge], sparse_initializer=[h.make_sparse_tensor(values, indices, [4])])}


def without_shape():
    """Allowed for an output, whose rank only inference tells then."""
    node = h.make_node("Relu", ["x"], ["y"])
    return {"model": file_of([node], [value("x", T.FLOAT, ["batch", 2])], [value("y")])}


def half():
    node, edge = h.make_node("Relu", ["x"], ["y"]), value("y", T.FLOAT16, [1])
    return {"model": file_of([node], [value("x", T.FLOAT16, [1])], [edge])}


def foreign_domain():
    node = h.make_node("Normalizer", ["x"], ["y"], domain="ai.onnx.ml", norm="MAX")
    inputs, outputs = [value("x", T.FLOAT, [1, 2])], [value("y", T.FLOAT, [1, 2])]
    return {"model": file_of([node], inputs, outputs, domains=["ai.onnx.ml"])}


def function():
    """An operator that the file itself defines."""
    body = [h.make_node("Add", ["a", "a"], ["b"])]
    own = h.make_function("own", "Twice", ["a"], ["b"], body, [h.make_opsetid("", 17)])
    node = h.make_node("Twice", ["x"], ["y"], domain="own")
    model = file_of([node], [value("x", T.FLOAT, [1])], [value("y", T.FLOAT, [1])], domains=["own"])
    model.functions.append(own)
    return {"model": model}


def torch_network(dynamo):
    """A classifier in denary's contract, with its outputs and a training step's gradients, as PyTorch has them."""
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(1, 4, 3, stride=2, padding=1)
            self.bn = nn.BatchNorm2d(4)
            self.hidden = nn.Linear(4 * 6 * 6, 12)
            self.last = nn.Linear(12, 10)

        def forward(self, image):
            x = torch.tanh(self.conv(image.unsqueeze(1).float() / 255))
            x = torch.max_pool2d(self.bn(x), 3, 2)
            return torch.softmax(self.last(torch.tanh(self.hidden(x.flatten(1)))), 1)

    torch.manual_seed(1)
    network = Network().eval()
    # The dynamo exporter merges equal tensors, which a fresh normalization has: bias and mean, weight and variance.
    for tensor in network.bn.state_dict().values():
        if tensor.ndim:
            tensor.uniform_(0.5, 1.5)
    images = torch.randint(0, 256, [6, 28, 28], dtype=torch.uint8)
    labels = torch.tensor([3, 1, 4, 1, 5, 9])
    outputs = network(images).detach().numpy()

    file = io.BytesIO()
    names = {"input_names": ["image"], "output_names": ["probabilities"], "verbose": False}
    batch = {"dynamic_shapes": {"image": {0: "batch"}}} if dynamo else {"dynamic_axes": {"image": {0: "batch"}}}
    program = torch.onnx.export(network, (images,), None if dynamo else file, dynamo=dynamo, **names, **batch)
    model = program.model_proto if dynamo else onnx.load_from_string(file.getvalue())

    nn.functional.nll_loss(network.train()(images).log(), labels).backward()
    gradients = {name: weight.grad.numpy() for name, weight in network.named_parameters()}
    made = {"model": model, "feeds": {"image": images.numpy()}, "outputs": [outputs]}
    return {**made, "labels": labels.int().numpy(), "gradients": gradients}


MAKERS = [encodings, attributes, structure, old]
MAKERS += [external, subgraph, sparse, without_shape, half, foreign_domain, function]
MAKERS = {maker.__name__: maker for maker in MAKERS}
MAKERS["torch"] = lambda: torch_network(False)
MAKERS["torch_dynamo"] = lambda: torch_network(True)


def make(item):
    made = MAKERS[item["make"]]()
    return {**made, "model": np.frombuffer(made["model"].SerializeToString(), np.uint8)}


logging.disable()
warnings.simplefilter("ignore")
answer(make)
