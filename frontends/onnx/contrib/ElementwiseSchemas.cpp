// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/contrib/Schemas.h"

namespace attune::model {

void declareElementwise() {
  auto keep = onnx::propagateShapeAndTypeFromFirstInput;
  declare({"Gelu", "X T", "Y T", "", keep});
  declare({"QuickGelu", "X T", "Y T", "alpha float", keep});
  declare({"FastGelu", "X T, bias T?", "Y T", "", keep});
  declare({"BiasGelu", "A T, B T", "C T", "", keep});
  declare({"BiasAdd", "X T, bias T, skip T", "Y T", "", keep});
}

} // namespace attune::model
