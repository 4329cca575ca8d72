"""A model in eight bits: what onnx says of it, what ONNX Runtime makes of it with and without kernels for bytes, and its own quantizer's."""

import os
import tempfile

from exchange import answer

import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static


class Images(CalibrationDataReader):
    def __init__(self, images):
        self.batches = iter([images[i : i + 50] for i in range(0, len(images), 50)])

    def get_next(self):
        batch = next(self.batches, None)
        return None if batch is None else {"image": batch}


def run(data, images, level):
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    return onnxruntime.InferenceSession(data, options).run(None, {"image": images})[0]


def theirs(data, images):
    """With onnxruntime.quantization, as its documentation has it: by channels, and in 7 bits for processors without VNNI."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = os.path.join(folder, "given.onnx"), os.path.join(folder, "made.onnx")
        with open(given, "wb") as file:
            file.write(data)
        quantize_static(
            given,
            made,
            Images(images),
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        with open(made, "rb") as file:
            return file.read()


def quantize(item):
    data = item["quantized"].tobytes()
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    levels = onnxruntime.GraphOptimizationLevel
    images = item["images"]
    return {
        "merged": run(data, images, levels.ORT_ENABLE_ALL),
        "plain": run(data, images, levels.ORT_DISABLE_ALL),
        "theirs": run(theirs(item["model"].tobytes(), item["seen"]), images, levels.ORT_ENABLE_ALL),
    }


answer(quantize)
