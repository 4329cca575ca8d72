"""What others say of ONNX files: onnx's checker and shape inference, ONNX Runtime in Python, and OpenCV's dnn."""

from exchange import answer

import cv2
import onnx
import onnxruntime


def shapes(model):
    """Each value's shape as onnx infers it, where that is all numbers."""
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    found = {}
    for value in [*inferred.graph.value_info, *inferred.graph.output]:
        kind = value.type.tensor_type
        if kind.HasField("shape") and all(dim.HasField("dim_value") for dim in kind.shape.dim):
            found[value.name] = [dim.dim_value for dim in kind.shape.dim]
    return found


def opencv(data, images):
    """A uint8 array of three axes would be taken for an image of many channels: cv2.Mat says that it is none."""
    net = cv2.dnn.readNetFromONNX(data)
    net.setInput(cv2.Mat(images, wrap_channels=False), "image")
    return net.forward()


def check(item):
    data = item["model"]
    model = onnx.load_from_string(data.tobytes())
    onnx.checker.check_model(model, full_check=True)
    found = {"shapes": shapes(model), "domains": sorted({node.domain for node in model.graph.node})}
    if "feeds" in item:
        session = onnxruntime.InferenceSession(data.tobytes())
        found["outputs"] = session.run(None, item["feeds"])
    if item.get("opencv"):
        found["opencv"] = opencv(data, item["feeds"]["image"])
    return found


answer(check)
