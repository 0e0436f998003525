# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""Row-wise kernels, data movement and outputs that are inputs or views."""

import unittest

import numpy as np

import artifact

SOFTMAX_AND_GATHER = """
#id = affine_map<(a, b) -> (a, b)>
#r = affine_map<(a, b) -> (a)>
func.func @main(%x: tensor<?x?xf32>, %ids: tensor<?xi64>) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %a = tensor.dim %x, %c0 : tensor<?x?xf32>
  %b = tensor.dim %x, %c1 : tensor<?x?xf32>
  %row = tensor.empty(%a) : tensor<?xf32>
  %all = tensor.empty(%a, %b) : tensor<?x?xf32>
  %f = linalg.fill ins(%lowest : f32) outs(%row : tensor<?xf32>) -> tensor<?xf32>
  %max = linalg.generic {indexing_maps = [#id, #r], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x?xf32>) outs(%f : tensor<?xf32>) {
    ^bb0(%p: f32, %q: f32):
      %1 = arith.maximumf %p, %q : f32
      linalg.yield %1 : f32 } -> tensor<?xf32>
  %exp = linalg.generic {indexing_maps = [#id, #r, #id], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : tensor<?x?xf32>, tensor<?xf32>) outs(%all : tensor<?x?xf32>) {
    ^bb0(%p: f32, %q: f32, %o: f32):
      %1 = arith.subf %p, %q : f32
      %2 = math.exp %1 : f32
      linalg.yield %2 : f32 } -> tensor<?x?xf32>
  %g = linalg.fill ins(%zero : f32) outs(%row : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.generic {indexing_maps = [#id, #r], iterator_types = ["parallel", "reduction"]}
      ins(%exp : tensor<?x?xf32>) outs(%g : tensor<?xf32>) {
    ^bb0(%p: f32, %q: f32):
      %1 = arith.addf %p, %q : f32
      linalg.yield %1 : f32 } -> tensor<?xf32>
  %soft = linalg.generic {indexing_maps = [#id, #r, #id], iterator_types = ["parallel", "parallel"]}
      ins(%exp, %sum : tensor<?x?xf32>, tensor<?xf32>) outs(%all : tensor<?x?xf32>) {
    ^bb0(%p: f32, %q: f32, %o: f32):
      %1 = arith.divf %p, %q : f32
      linalg.yield %1 : f32 } -> tensor<?x?xf32>
  %n = tensor.dim %ids, %c0 : tensor<?xi64>
  %rows = tensor.empty(%n, %b) : tensor<?x?xf32>
  %taken = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i)>, #id], iterator_types = ["parallel", "parallel"]}
      ins(%ids : tensor<?xi64>) outs(%rows : tensor<?x?xf32>) {
    ^bb0(%p: i64, %o: f32):
      %j = linalg.index 1 : index
      %i = arith.index_cast %p : i64 to index
      %1 = tensor.extract %soft[%i, %j] : tensor<?x?xf32>
      linalg.yield %1 : f32 } -> tensor<?x?xf32>
  return %soft, %taken : tensor<?x?xf32>, tensor<?x?xf32>
}"""

MOVEMENT = """
func.func @main(%x: tensor<?x7xf32>, %y: tensor<?x5xf32>)
    -> (tensor<?x4xf32>, tensor<?x12xf32>, tensor<7x?xf32>, tensor<?xf32>, tensor<?x7xf32>, tensor<2x?xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %a = tensor.dim %x, %c0 : tensor<?x7xf32>
  %part = tensor.extract_slice %x[0, 2] [%a, 4] [1, 1] : tensor<?x7xf32> to tensor<?x4xf32>
  %joined = tensor.concat dim(1) %x, %y : (tensor<?x7xf32>, tensor<?x5xf32>) -> tensor<?x12xf32>
  %e = tensor.empty(%a) : tensor<7x?xf32>
  %t = linalg.transpose ins(%x : tensor<?x7xf32>) outs(%e : tensor<7x?xf32>) permutation = [1, 0]
  %row = tensor.empty(%a) : tensor<?xf32>
  %f = linalg.fill ins(%zero : f32) outs(%row : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.reduce ins(%x : tensor<?x7xf32>) outs(%f : tensor<?xf32>) dimensions = [1]
    (%in: f32, %acc: f32) {
      %s = arith.addf %in, %acc : f32
      linalg.yield %s : f32 }
  %head = tensor.extract_slice %x[0, 0] [2, 7] [1, 1] : tensor<?x7xf32> to tensor<2x7xf32>
  %flat = tensor.collapse_shape %head [[0, 1]] : tensor<2x7xf32> into tensor<14xf32>
  %again = tensor.expand_shape %flat [[0, 1]] output_shape [2, 7] : tensor<14xf32> into tensor<2x7xf32>
  %cast = tensor.cast %again : tensor<2x7xf32> to tensor<2x?xf32>
  return %part, %joined, %t, %sum, %x, %cast
    : tensor<?x4xf32>, tensor<?x12xf32>, tensor<7x?xf32>, tensor<?xf32>, tensor<?x7xf32>, tensor<2x?xf32>
}"""

CHECKED = """
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %c9 = arith.constant 9 : index
  %n = tensor.dim %x, %c0 : tensor<?xf32>
  %fits = arith.cmpi ult, %n, %c9 : index
  cf.assert %fits, "node 'check': size must be below 9"
  return %x : tensor<?xf32>
}"""


class Rows(unittest.TestCase):
    def test_softmax_and_gather(self):
        binary = artifact.compile_text(SOFTMAX_AND_GATHER)
        random = np.random.default_rng(7)
        for rows, columns in [(1, 1), (5, 17), (64, 100), (3, 1000)]:
            x = random.standard_normal((rows, columns)).astype(np.float32)
            ids = random.integers(0, rows, 7)
            soft, taken = binary(x, ids)
            expected = np.exp(x - x.max(1, keepdims=True))
            expected /= expected.sum(1, keepdims=True)
            np.testing.assert_allclose(soft, expected, atol=1e-6)
            np.testing.assert_array_equal(taken, soft[ids])

    def test_rows_share_one_kernel(self):
        stages = artifact.compile_ir(SOFTMAX_AND_GATHER, "fuse")
        self.assertEqual(stages.count("func.func private"), 2)


class Movement(unittest.TestCase):
    def test_slices_joins_and_views(self):
        binary = artifact.compile_text(MOVEMENT)
        random = np.random.default_rng(8)
        for rows in (2, 5, 33):
            x = random.standard_normal((rows, 7)).astype(np.float32)
            y = random.standard_normal((rows, 5)).astype(np.float32)
            expected = [x[:, 2:6], np.concatenate([x, y], 1), x.T, x.sum(1), x, x[:2]]
            for result, wanted in zip(binary(x, y), expected):
                np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-5)


class Assertions(unittest.TestCase):
    def test_failed_check_is_a_status(self):
        binary = artifact.compile_text(CHECKED)
        (result,) = binary(np.ones(8, np.float32))
        self.assertEqual(result.shape, (8,))
        with self.assertRaisesRegex(artifact.RunError, "size must be below 9"):
            binary(np.ones(9, np.float32))


if __name__ == "__main__":
    unittest.main()
