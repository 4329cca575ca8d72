"""What the Python contestants share: the work order, noise to work on, and the clock. See bench/clock.mjs."""

import json
import math
import resource
import sys
import time

import numpy as np

# ru_maxrss is in KiB, on macOS in bytes.
MEGABYTE = 1024**2 if sys.platform == "darwin" else 1024

def read_order():
    return json.loads(sys.argv[1])


def noise(order):
    """Raw images uint8 [count, height, width], labels int64 [count, slots] and an order to take them in."""
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (order["count"], *order["image"]), dtype=np.uint8)
    labels = random.integers(0, order["classes"], (order["count"], order["slots"]))
    return images, labels, random.permutation(order["count"])


def rows(order, batch):
    """Where the batches begin and end in the order of the images, for ever."""
    at = 0
    while True:
        yield at, at + batch
        at = at + batch if at + 2 * batch <= order["count"] else 0


def time_steps(order, step):
    """Milliseconds of the measured steps in order, after a warm-up, and the last loss."""
    warm_until = time.perf_counter() + order["seconds"] / 4
    warmed = 0
    while warmed < order["warmup"] or (order["warmup"] > 0 and time.perf_counter() < warm_until):
        step()
        warmed += 1
    times = []
    began = time.perf_counter()
    passed = 0
    while passed < order["seconds"] or (len(times) < 3 and passed < order["limit"] / 10):
        start = time.perf_counter()
        result = step()
        now = time.perf_counter()
        times.append((now - start) * 1000)
        passed = now - began
    return sorted(times), result if order["task"] == "training" else 0


def race(order, make_step, versions):
    """Prints one JSON line for each batch size: the median and p99 of a step, or why there is none."""
    expected = 0
    for batch in order["batches"]:
        line = {"batch": batch, "versions": versions}
        try:
            if expected * batch * (order["warmup"] + 1) > order["limit"] * 1000:
                raise RuntimeError(f"a step would take about {expected * batch / 1000:.0f} s")
            times, loss = time_steps(order, make_step(batch))
            if not math.isfinite(loss):
                raise RuntimeError(f"the loss is {loss}")
            line["milliseconds"] = times[len(times) // 2]
            line["p99"] = times[int(0.99 * (len(times) - 1) + 0.5)]
            line["steps"] = len(times)
            line["peakMegabytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE
            expected = line["milliseconds"] / batch
        except Exception as error:
            line["error"] = f"{type(error).__name__}: {error}".strip().split("\n")[0]
        print(json.dumps(line), flush=True)
