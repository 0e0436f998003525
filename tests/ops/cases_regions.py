# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Cases of pooling over regions and of determinants."""

import numpy as np

from cases_elementwise import F16, F32, F64, floats
from differential import single


def regions(low, high):
    """n regions x1, y1, x2, y2; some reach beyond the image, some are empty."""
    def make(n):
        rng = np.random.default_rng(n)
        corners = rng.uniform(low, high, (n, 2, 2))
        boxes = np.sort(corners, 1).reshape(n, 4)
        boxes[n // 3] = boxes[n // 3][[0, 1, 0, 1]]
        return boxes.astype(F32)
    return make


def batch(count):
    return lambda n: np.random.default_rng(n).integers(0, count, n)


def aligned():
    images, cases = floats(3, 2, 13, 10), []
    for opset in (10, 16, 22):
        for mode in ("avg", "max"):
            for ratio in (0, 1, 3):
                for extra in ({},) if opset == 10 else ({}, dict(coordinate_transformation_mode="output_half_pixel")):
                    cases.append(single("RoiAlign", images, regions(-30, 60), batch(3), opset=opset, mode=mode,
                                        sampling_ratio=ratio, output_height=3, output_width=2, spatial_scale=0.25,
                                        tolerance=(5e-5, 5e-5), expected=roi_align(opset, mode, ratio, **extra),
                                        **extra))
    cases.append(single("RoiAlign", floats(2, 3, 5, -1, dtype=F64), lambda n: regions(-1, 6)(4).astype(F64),
                        np.array([1, 0, 1, 1]), output_height=2, output_width=2, tolerance=(1e-9, 1e-9)))
    return cases


def roi_align(opset, mode, ratio, coordinate_transformation_mode="half_pixel"):
    """ONNX's evaluator, which takes a half pixel off before opset 16 as well."""
    def expected(x, rois, indices):
        from onnx.reference.ops.op_roi_align import RoiAlign
        shape, top = (len(rois), x.shape[1], 3, 2), np.zeros(len(rois) * x.shape[1] * 6, F64)
        half = opset >= 16 and coordinate_transformation_mode == "half_pixel"
        RoiAlign.roi_align_forward(shape, x.ravel(), 0.25, x.shape[2], x.shape[3], ratio, rois.ravel(), 4, top,
                                   mode, half, indices)
        return [top.reshape(shape).astype(x.dtype)]
    return expected


def largest(bins, scale):
    """Bins of rounded corners, as ONNX Runtime has them."""
    def half_up(x):
        return np.sign(x) * np.floor(np.abs(x) + F32(0.5))

    def expected(x, rois):
        out = np.zeros((len(rois), x.shape[1], *bins), x.dtype)
        for n, roi in enumerate(rois):
            x1, y1, x2, y2 = half_up(roi[1:] * F32(scale)).astype(int)
            spans = []
            for first, last, count, size in ((y1, y2, bins[0], x.shape[2]), (x1, x2, bins[1], x.shape[3])):
                step = F32(max(last - first + 1, 1)) / F32(count)
                spans.append([(int(np.clip(np.floor(F32(i) * step) + first, 0, size)),
                               int(np.clip(np.ceil(F32(i + 1) * step) + first, 0, size))) for i in range(count)])
            for i, (top, bottom) in enumerate(spans[0]):
                for j, (left, right) in enumerate(spans[1]):
                    if top < bottom and left < right:
                        out[n, :, i, j] = x[int(roi[0]), :, top:bottom, left:right].max((1, 2))
        return [out]
    return expected


def pooled():
    rois = lambda n: np.concatenate([batch(3)(n)[:, None].astype(F32), regions(-20, 60)(n)], 1)
    cases = [single("MaxRoiPool", floats(3, 2, 13, 10), rois, pooled_shape=bins, spatial_scale=scale,
                    expected=largest(bins, scale)) for bins in ((1, 1), (3, 2), (5, 7)) for scale in (1.0, 0.25)]
    cases.append(single("MaxRoiPool", floats(3, 2, -1, 10, dtype=F64), lambda n: rois(5).astype(F64),
                        pooled_shape=(2, 3), expected=largest((2, 3), 1)))
    return cases


def determinants():
    det = lambda x: [np.linalg.det(x.astype(F64)).astype(x.dtype)]
    singular = np.array([[1, 2, 3], [2, 4, 6], [1, 0, 1]], F32)
    # A zero on the diagonal, permutations of either sign, no matrix and no element.
    swapped = np.array([[[0, 1], [1, 0]], [[1, 0], [0, 1]], [[0, 0], [0, 0]]], F32)
    nan = np.array([[[1, 2], [np.nan, 1]], [[0, 1], [np.nan, 1]]], F32)
    return [single("Det", x, expected=det, tolerance=tolerance) for x, tolerance in (
        (floats(4, 4), (1e-4, 1e-5)), (floats(-1, 3, 3), (1e-4, 1e-5)), (floats(2, 3, 6, 6), (1e-4, 1e-4)),
        (floats(5, -1, -1, dtype=F64), (1e-9, 1e-9)), (floats(1, 1), None), (singular, None), (swapped, None),
        (np.zeros((3, 0, 0), F32), None), (np.zeros((0, 2, 2), F32), None), (floats(2, 3, 3, dtype=F16), None))] + [
        single("Det", nan, expected=[np.array([np.nan, np.nan], F32)])]


CASES = aligned() + pooled() + determinants()
