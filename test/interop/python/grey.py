"""Image files in grey by OpenCV."""

import cv2
import numpy as np
from exchange import answer


def grey(item):
    image = cv2.imdecode(item["bytes"], cv2.IMREAD_UNCHANGED if item["alpha"] else cv2.IMREAD_COLOR)
    if not item["alpha"]:
        return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    colour, alpha = image[..., :3].astype(np.float64), image[..., 3:].astype(np.float64) / 255
    over = np.rint(colour * alpha + 255 * (1 - alpha)).astype(np.uint8)
    return cv2.cvtColor(over, cv2.COLOR_BGR2GRAY)


answer(grey)
