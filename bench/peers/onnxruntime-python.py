"""onnxruntime in Python, a bare session: python onnxruntime-python.py ORDER, a work order as JSON; see bench/clock.mjs."""

import onnxruntime
from measuring import noise, race, read_order, rows

order = read_order()
images, _, _ = noise(order)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = order["threads"]
session = onnxruntime.InferenceSession(order["model"], options, providers=["CPUExecutionProvider"])


def inference(batch):
    bounds = rows(order, batch)

    def step():
        start, end = next(bounds)
        session.run(None, {"image": images[start:end]})

    return step


race(order, inference, {"onnxruntime (Python)": onnxruntime.__version__})
