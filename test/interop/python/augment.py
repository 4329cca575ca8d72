"""Changes images by known amounts with OpenCV, in float32 so that nothing but its arithmetic rounds."""

from exchange import answer

import cv2
import numpy as np


def affine(height, width, amounts):
    """Scaled, slanted (uprights lean to the right), turned counterclockwise about the centre, and moved."""
    x, y = (width - 1) / 2, (height - 1) / 2
    there = np.array([[1, 0, -x], [0, 1, -y], [0, 0, 1]])
    scale = np.diag([amounts["xZoom"], amounts["yZoom"], 1])
    slant = np.array([[1, -np.tan(np.radians(amounts["slant"])), 0], [0, 1, 0], [0, 0, 1]])
    back = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])
    turn = np.vstack([cv2.getRotationMatrix2D((x, y), amounts["degrees"], 1), [0, 0, 1]])
    move = np.array([[1, 0, amounts["right"]], [0, 1, amounts["down"]], [0, 0, 1]])
    return (move @ turn @ back @ slant @ scale @ there)[:2]


def with_stroke(image, pixels):
    """Part of the way to the image whose edges lie a pixel further out, or further in: two pixels of width."""
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    change = cv2.dilate if pixels > 0 else cv2.erode
    most = change(image, cross, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return image + abs(pixels) / 2 * (most - image)


def changed(image, amounts):
    height, width = image.shape
    image = with_stroke(image.astype(np.float32), amounts["stroke"])
    return cv2.warpAffine(image, affine(height, width, amounts), (width, height), flags=cv2.INTER_LINEAR)


def waves(alpha, sigma, distances):
    """Smoothed even noise: its deviation, and how alike it is to itself so many pixels on."""
    noise = np.random.default_rng(1).uniform(-1, 1, (1024, 1024)).astype(np.float32)
    field = alpha * cv2.GaussianBlur(noise, (0, 0), sigma)
    likeness = [float((field[:, d:] * field[:, :-d]).mean() / field.var()) for d in distances]
    return {"deviation": float(field.std()), "likeness": likeness}


def augment(item):
    if "images" in item:
        return np.stack([changed(image, amounts) for image, amounts in zip(item["images"], item["amounts"])])
    return waves(**item)


answer(augment)
