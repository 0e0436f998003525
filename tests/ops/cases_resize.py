# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Cases of images that are resized or sampled."""

import numpy as np

from cases_elementwise import F32, F64, booleans, floats, integers
from differential import single

LOOSE = (5e-5, 1e-5)
TRANSFORMS = ("half_pixel", "align_corners", "asymmetric", "pytorch_half_pixel", "half_pixel_symmetric",
              "tf_crop_and_resize")


def resized(x, scales=None, sizes=None, roi=None, opset=19, **attributes):
    given = [None if v is None else np.array(v, kind)
             for v, kind in ((roi, F32), (scales, F32), (sizes, np.int64))]
    return single("Resize", x, *given, opset=opset, constant=(1, 2, 3), tolerance=LOOSE, **attributes)


def resizes():
    image, cases = floats(2, 3, 5, -1), []
    ways = [dict(scales=[1, 1, 1.7, 2.3]), dict(scales=[1, 1, 0.6, 0.7]), dict(sizes=[2, 3, 7, 4]),
            dict(sizes=[2, 3, 1, 11])]
    for number, transform in enumerate(TRANSFORMS):
        roi = [0, 0, 0.125, -0.2, 1, 1, 0.75, 1.37] if transform.startswith("tf") else None
        for mode in ("nearest", "linear", "cubic"):
            for way in ways:
                cases.append(resized(image, **way, roi=roi, mode=mode, coordinate_transformation_mode=transform,
                                     opset=19 if number % 2 == 0 or "sym" in transform else 13))
    for rounding in ("round_prefer_ceil", "floor", "ceil"):
        cases.append(resized(image, **ways[0], nearest_mode=rounding, coordinate_transformation_mode="asymmetric"))
        cases.append(resized(integers(1, 1, -1, 3, dtype=np.uint8, high=255), scales=[1, 1, 0.6, 2],
                             nearest_mode=rounding))
    for mode in ("linear", "cubic"):
        for way in ways:
            cases.append(resized(image, **way, mode=mode, antialias=1, opset=18))
            cases.append(resized(image, **way, mode=mode, exclude_outside=1, antialias=way is ways[2]))
        cases.append(resized(integers(1, 1, -1, 6, dtype=np.uint8, high=255), scales=[1, 1, 2, 0.4], mode=mode))
        cases.append(resized(integers(1, 1, 5, 6, dtype=np.int8, low=-120, high=120), sizes=[1, 1, 9, 4], mode=mode))
        cases.append(resized(floats(1, 2, -1, 4, dtype=F64), scales=[1, 1, 1.3, 2], mode=mode))
    cases += [resized(image, mode="cubic", cubic_coeff_a=-0.5, **ways[0]),
              resized(floats(2, 3, -1), scales=[1, 1, 2], mode="linear"), resized(floats(-1, 4), sizes=[6, 3]),
              resized(floats(-1, 3, 4, 5), sizes=[5, 6], axes=[3, 1], mode="linear", opset=18),
              resized(floats(2, 3, 4, 5, -1), scales=[1.5, 0.5, 2], axes=[2, 3, -1], mode="linear",
                      expected=all_axes([1, 1, 1.5, 0.5, 2])),
              resized(image, roi=[0.2, 0, 1.2, 0.5], sizes=[6, 5], axes=[2, 3], mode="linear",
                      coordinate_transformation_mode="tf_crop_and_resize", extrapolation_value=7.0),
              resized(image, roi=[0, 0, 0.3, 0.1, 1, 1, 0.6, 1.5], sizes=[2, 3, 6, 5], extrapolation_value=-3.0,
                      coordinate_transformation_mode="tf_crop_and_resize")]
    for policy in ("not_larger", "not_smaller"):
        cases.append(resized(floats(1, 2, -1, 6), sizes=[7, 8], axes=[2, 3], keep_aspect_ratio_policy=policy,
                             mode="linear"))
        cases.append(resized(floats(1, 2, 4, 6), sizes=[7, 8], axes=[2, 3], keep_aspect_ratio_policy=policy))
    return cases


def all_axes(scales):
    """The reference evaluator takes no axes that are out of order or negative."""
    return lambda x, *_: single("Resize", x, None, np.array(scales, F32), mode="linear").wanted(1)


def older():
    scales = np.array([1, 1, 2, 3], F32)
    repeated = lambda x, *_: [x.repeat(2, 2).repeat(3, 3)]
    image = floats(1, 2, -1, 3)
    return [single("Upsample", image, scales, opset=9, constant=(1,)),
            single("Upsample", image, opset=7, scales=[1.0, 1.0, 2.0, 3.0], expected=repeated),
            single("Upsample", booleans(1, 2, -1, 3), scales, opset=9, constant=(1,)),
            single("Upsample", image, scales, opset=9, constant=(1,), mode="linear", expected=stretched(scales)),
            single("Resize", image, scales, opset=10, constant=(1,), expected=repeated),
            single("Resize", image, np.array([1, 1, 0.5, 1.5], F32), opset=10, constant=(1,), mode="linear",
                   expected=stretched([1, 1, 0.5, 1.5])),
            single("Resize", image, np.array([1, 1, 0.5, 1.5], F32), opset=10, constant=(1,),
                   expected=lambda x, _: [x[:, :, (np.arange(x.shape[2] // 2) / 0.5).astype(int)][..., [0, 0, 1, 2]]])]


def stretched(scales):
    """Linear from position / scale, the edge repeated."""
    def expected(x, *_):
        result = x.astype(F64)
        for axis, scale in enumerate(scales):
            size = x.shape[axis]
            place = np.arange(int(size * scale)) / scale
            low = np.floor(place).astype(int)
            share = (place - low).reshape([-1 if d == axis else 1 for d in range(x.ndim)])
            first, second = (np.take(result, np.minimum(i, size - 1), axis) for i in (low, low + 1))
            result = first * (1 - share) + second * share
        return [result.astype(x.dtype)]
    return expected


def grids():
    cases = []
    for corners in (0, 1):
        for padding in ("zeros", "border", "reflection"):
            for mode in ("linear", "nearest", "cubic"):
                extra = dict(mode=mode, padding_mode=padding, align_corners=corners, tolerance=(1e-4, 2e-5))
                cases.append(single("GridSample", floats(2, 2, 4, 5), floats(2, 3, -1, 2, scale=0.9, seed=2), **extra))
                extra["mode"] = {"linear": "bilinear", "cubic": "bicubic"}.get(mode, mode)
                cases.append(single("GridSample", lambda n: floats(1, 1, 3, n + 1)(n), floats(1, 4, 2, 2, scale=2, seed=2), opset=16,
                                    **extra, expected=sampled(**dict(extra, mode=mode))))
            for mode in ("linear", "nearest"):
                cases.append(single("GridSample", floats(1, 2, 3, 4, 2), floats(1, -1, 2, 2, 3, seed=2), mode=mode,
                                    padding_mode=padding, align_corners=corners, tolerance=(1e-4, 2e-5)))
        for size in ([2, 3, 5, 6], [2, 3, 4, 3, 5]):
            rank = len(size) - 2
            for value, constant in ((np.array(size), (1,)), (lambda n, size=size: np.array(size[:-1] + [n]), ())):
                cases.append(single("AffineGrid", floats(2, rank, rank + 1), value, constant=constant, opset=20,
                                    align_corners=corners))
    return cases


def sampled(**attributes):
    """The reference evaluator does not know the modes' older names."""
    def expected(x, grid):
        case = single("GridSample", x, grid, **attributes)
        return case.wanted(1)
    return expected


CASES = resizes() + older() + grids()
