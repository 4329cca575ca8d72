"""Temperature, calibration error, areas under the ROC and principal components by NumPy, SciPy and scikit-learn."""

import numpy as np
from exchange import answer
from scipy.optimize import minimize
from sklearn.metrics import log_loss, roc_auc_score


def ece(probabilities, labels, bins=15):
    confidence = probabilities.max(1)
    right = probabilities.argmax(1) == labels
    edges = np.linspace(0, 1, bins + 1)
    error = 0.0
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return error


def tempered(probabilities, temperature):
    logits = np.log(np.maximum(probabilities.astype(np.float64), 1e-30)) / temperature
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def calibrate(item):
    probabilities, labels = item["probabilities"], item["labels"]
    classes = range(probabilities.shape[1])
    nll = lambda x: log_loss(labels, tempered(probabilities, np.exp(x[0])), labels=classes)
    found = minimize(nll, [0.0], method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10})
    temperature = float(np.exp(found.x[0]))
    return {
        "temperature": temperature,
        "before": float(ece(probabilities, labels)),
        "after": float(ece(tempered(probabilities, temperature), labels)),
        "nll": float(found.fun),
    }


def area(item):
    digits, outsiders = item["digits"], item["outsiders"]
    truth = np.r_[np.zeros(len(digits)), np.ones(len(outsiders))]
    return float(roc_auc_score(truth, np.r_[digits, outsiders]))


def distances(item):
    """From the subspace of the leading eigenvectors of the features' covariance, for the images of one class."""
    images = np.pad(item["images"].astype(np.float64), ((0, 0), (1, 1), (1, 1)))
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    smooth = sum(kernel[i, j] * images[:, i : i + 28, j : j + 28] for i in range(3) for j in range(3))
    features = np.sqrt(smooth.reshape(-1, 14, 2, 14, 2).mean((2, 4)).reshape(-1, 196) / 255)
    z = features - features.mean(0)
    basis = np.linalg.eigh(np.cov(z.T))[1][:, ::-1][:, : item["components"]]
    return (z**2).sum(1) - ((z @ basis) ** 2).sum(1)


kinds = {"calibrate": calibrate, "area": area, "distances": distances}
answer(lambda item: kinds[item["kind"]](item))
