# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Cases of Fourier transforms, against NumPy's in f64."""

import numpy as np

from cases_elementwise import F16, F32, F64, floats
from differential import single

# Relative to the largest element there is little more than the rounding of the result.
EXACT = {F64: (1e-11, 1e-11), F32: (2e-6, 1e-5), F16: (2e-3, 5e-2)}


def complex_of(x):
    return x[..., 0] + 1j * x[..., 1] if x.shape[-1] == 2 else x[..., 0] + 0j


def parts_of(z, dtype):
    return np.stack([z.real, z.imag], -1).astype(dtype)


def dft(axis, inverse=False, onesided=False):
    """What DFT means, with the axis counted among all dimensions."""
    def expected(x, *others):
        at = axis % x.ndim
        z = complex_of(x.astype(F64))
        length = int(others[0]) if others and others[0].dtype != bool else None
        if inverse and onesided:
            return [np.fft.irfft(z, length, at)[..., None].astype(x.dtype)]
        if inverse:
            return [parts_of(np.fft.ifft(z, length, at), x.dtype)]
        whole = np.fft.fft(z, length, at)
        if onesided:
            whole = np.take(whole, np.arange(whole.shape[at] // 2 + 1), at)
        return [parts_of(whole, x.dtype)]
    return expected


def case(shape, axis=-2, length=None, opset=20, run_time_axis=False, run_time_length=False, dtype=F32, **kind):
    inputs, constant = [floats(*shape, dtype=dtype)], []
    reference = dft(axis, **{name: value != 0 for name, value in kind.items()})
    if length is not None:
        inputs.append(length if callable(length) else np.int64(length))
        if not (run_time_length or callable(length)):
            constant.append(1)
    else:
        inputs.append(None)
    attributes = dict(kind)
    if opset >= 20:
        inputs.append(np.int64(axis))
        if not run_time_axis:
            constant.append(2 if length is not None else 1)
    else:
        attributes["axis"] = axis
    expected = reference if length is not None else lambda x, *_: reference(x)
    made = single("DFT", *inputs, opset=opset, expected=expected, tolerance=EXACT[dtype], **attributes)
    made.constant = constant
    return made


def transforms():
    cases = []
    # Sums of products, powers of two, and lengths that are neither, primes among them.
    for length in (1, 2, 3, 8, 16, 17, 31, 32, 33, 48, 64, 97, 128, 360, 1024):
        for parts in (1, 2):
            cases.append(case((3, length, parts)))
        cases.append(case((2, length, 2), inverse=1))
        cases.append(case((2, length, 1), onesided=1, dtype=F64))
        cases.append(case((2, length // 2 + 1, 2), inverse=1, onesided=1, length=length))
    # Lengths that are known at run time only.
    for parts, kind in ((2, {}), (2, dict(inverse=1)), (1, dict(onesided=1))):
        cases += [case((2, -1, parts), **kind), case((-1, 2, 1), axis=0, **kind),
                  case((2, 9, parts), length=lambda n: np.int64(n), **kind),
                  case((2, -1, 3, parts), axis=1, length=20, **kind),
                  case((2, -1, parts), length=64, dtype=F64, **kind)]
    cases += [case((2, 9, 2), length=lambda n: np.int64(2 * n), inverse=1, onesided=1),
              case((2, 10, 2), inverse=1, onesided=1), case((4, 7, 2), length=12, run_time_length=True)]
    for axis in (0, 1, -2, -3):
        cases += [case((5, 6, 40, 2), axis=axis, run_time_axis=True),
                  case((5, 6, 40, 1), axis=axis, length=33, onesided=1),
                  case((5, -1, 4, 2), axis=axis, inverse=1)]
    for axis in (0, 1):
        cases += [case((3, 18, 1), axis=axis, opset=17), case((3, 18, 2), axis=axis, opset=19, inverse=1),
                  case((3, 18, 1), axis=axis, opset=17, length=15, onesided=1)]
    return cases + [case((2, 50, 1), dtype=F16), case((1, 70000, 1), onesided=1),
                    case((1, 1 << 17, 2)), case((-1, 16, 2)), case((-1, 20, 2)), case((-1, 60, 2))]


def stft(onesided=True):
    def expected(signal, step, *others):
        window = next((x for x in others if x.ndim == 1), None)
        length = next((int(x) for x in others if x.ndim == 0), None)
        length = length or (len(window) if window is not None else signal.shape[1])
        z = complex_of(signal.astype(F64))
        starts = range(0, signal.shape[1] - length + 1, int(step))
        frames = np.stack([z[:, start:start + length] for start in starts], 1)
        if window is not None:
            frames = frames * window.astype(F64)
        whole = np.fft.fft(frames, axis=-1)
        bins = length // 2 + 1 if onesided else length
        return [parts_of(whole[..., :bins], signal.dtype)]
    return expected


def frames():
    window = lambda size: np.hanning(size + 1)[:-1].astype(F32)
    scalar = np.int64
    signal, grows = floats(2, 128, 1), lambda n: floats(2, 40 + 3 * n, 2)(n)
    cases = []
    for size in (8, 16, 20, 64):
        cases += [single("STFT", signal, scalar(8), window(size), expected=stft(), tolerance=EXACT[F32], constant=(1,)),
                  single("STFT", grows, scalar(5), window(size)[:40], scalar(min(size, 40)), onesided=0,
                         expected=stft(False), tolerance=EXACT[F32])]
    return cases + [
        single("STFT", signal, scalar(16), None, scalar(32), expected=stft(), tolerance=EXACT[F32]),
        single("STFT", grows, scalar(3), None, lambda n: scalar(n + 7), onesided=0, expected=stft(False),
               tolerance=EXACT[F32]),
        single("STFT", floats(1, 33, 2), scalar(1), onesided=0, expected=stft(False), tolerance=EXACT[F32]),
        single("STFT", floats(1, 64, 1, dtype=F64), scalar(7), lambda n: window(n).astype(F64), expected=stft(),
               tolerance=EXACT[F64])]


CASES = transforms() + frames()
