// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Lowering.h"

using namespace mlir;

namespace attune {

/// Operators that have no lowering on purpose, and why.
void addRefused(LoweringTable &table) {
  for (StringRef op :
       {"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike",
        "RandomUniform", "RandomUniformLike"})
    table.refuse(op, "random results are not defined by the model; make the "
                     "numbers outside and give them to it as an input");
  for (StringRef op : {"RegexFullMatch", "StringConcat", "StringNormalizer",
                       "StringSplit", "TfIdfVectorizer"})
    table.refuse(op, "text is not supported; prepare it outside of the model");
  for (StringRef op : {"ConcatFromSequence", "Optional", "OptionalGetElement",
                       "OptionalHasElement", "SequenceAt", "SequenceConstruct",
                       "SequenceEmpty", "SequenceErase", "SequenceInsert",
                       "SequenceLength", "SequenceMap", "SplitToSequence"})
    table.refuse(op, "only tensors are supported; give those of sequences and "
                     "optionals one by one");
  table.refuse("ImageDecoder", "files of images are not supported; decode the "
                               "image outside of the model");
}

} // namespace attune
