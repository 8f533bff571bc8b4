"""What each head computes, written as plainly as the papers say it: one box after another, one number after another."""

import math

import numpy as np


def yolox(output, width, height, threshold):
    """Rows (x1, y1, x2, y2, score, class) of [1, cells, 5 + classes], in input pixels."""
    found, row = [], 0
    for stride in (8, 16, 32):
        for y in range(math.ceil(height / stride)):
            for x in range(math.ceil(width / stride)):
                values = [float(value) for value in output[0, row]]
                row += 1
                best = max(range(len(values) - 5), key=lambda place: values[5 + place])
                score = values[4] * values[5 + best]
                if score >= threshold:
                    cx, cy = (values[0] + x) * stride, (values[1] + y) * stride
                    w, h = math.exp(values[2]) * stride, math.exp(values[3]) * stride
                    found.append((cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, score, best))
    return found


def nanodet(outputs, width, height, threshold):
    """The same of six outputs: scores for strides 8, 16, 32, then distributions of the four distances."""
    found = []
    for stride, scores, sides in zip((8, 16, 32), outputs[:3], outputs[3:], strict=True):
        columns = math.ceil(width / stride)
        for cell in range(scores.shape[1]):
            values = [float(value) for value in scores[0, cell]]
            best = max(range(len(values)), key=values.__getitem__)
            if values[best] < threshold:
                continue
            cx, cy = (cell % columns + 0.5) * stride, (cell // columns + 0.5) * stride
            distances = []
            for side in range(4):
                powers = [math.exp(float(value)) for value in sides[0, cell, side * 11 : side * 11 + 11]]
                distances.append(stride * sum(bin_ * power for bin_, power in enumerate(powers)) / sum(powers))
            left, top, right, bottom = distances
            found.append((cx - left, cy - top, cx + right, cy + bottom, values[best], best))
    return found


def yolov8(output, threshold):
    """The same of [1, 4 + classes, cells]."""
    found = []
    for cell in range(output.shape[2]):
        cx, cy, w, h, *values = (float(value) for value in output[0, :, cell])
        best = max(range(len(values)), key=values.__getitem__)
        if values[best] >= threshold:
            found.append((cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, values[best], best))
    return found


def iou(a, b):
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def suppress(found, limit):
    """Greedy non-maximum suppression within each class."""
    kept = []
    for row in sorted(found, key=lambda row: -row[4]):
        if all(other[5] != row[5] or iou(other, row) <= limit for other in kept):
            kept.append(row)
    return kept


def rows(candidates):
    """Our candidates as such rows."""
    return [
        (*map(float, box), float(score), int(class_))
        for box, score, class_ in zip(candidates.boxes, candidates.scores, candidates.classes, strict=True)
    ]


def assert_same(ours, reference, tolerance=1e-3):
    """Equal as sets of rows, within the tolerance in pixels and scores."""
    assert len(ours) == len(reference)
    ours, reference = np.array(sorted(ours, key=key)), np.array(sorted(reference, key=key))
    if len(ours):
        np.testing.assert_allclose(ours, reference, atol=tolerance, rtol=1e-5)


def key(row):
    return (round(row[4], 4), row[5], round(row[0]), round(row[1]))
