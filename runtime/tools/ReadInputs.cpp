// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/Arguments.h"
#include "runtime/DType.h"
#include "runtime/Status.h"
#include "runtime/tools/Inputs.h"

#include <algorithm>

namespace attune {

static bool isArchive(const std::string &text) {
  return text.size() > 4 && text.compare(text.size() - 4, 4, ".npz") == 0;
}

bool isInputArgument(const std::string &text) {
  size_t equals = text.find('=');
  return isArchive(text) || (equals != std::string::npos && equals > 0 &&
                             equals + 1 < text.size());
}

std::vector<Array> readArrays(const std::vector<std::string> &arguments) {
  std::vector<Array> arrays;
  for (const std::string &argument : arguments) {
    std::vector<Array> more;
    if (isArchive(argument)) {
      check(readNpz(argument, more));
    } else {
      size_t equals = argument.find('=');
      more.emplace_back();
      check(readNpy(argument.substr(equals + 1), more.back()));
      more.back().name = argument.substr(0, equals);
    }
    for (Array &array : more) {
      for (const Array &other : arrays)
        if (other.name == array.name)
          check(makeStatus(ATTUNE_INVALID_ARGUMENT, "input '%s' is given twice",
                           array.name.c_str()));
      arrays.push_back(std::move(array));
    }
  }
  return arrays;
}

static void append(std::string &list, const std::string &name) {
  list += (list.empty() ? "'" : ", '") + name + "'";
}

/// Throws unless the arrays are the model's inputs, in any order.
static void checkNames(const Model &model, const std::vector<Array> &arrays) {
  std::string expected, missing, unknown;
  std::vector<std::string> names;
  for (size_t i = 0; i < model.inputCount(); ++i) {
    names.push_back(model.input(i).name);
    append(expected, names[i]);
    if (std::none_of(arrays.begin(), arrays.end(), [&](const Array &array) {
          return array.name == names[i];
        }))
      append(missing, names[i]);
  }
  for (const Array &array : arrays)
    if (std::find(names.begin(), names.end(), array.name) == names.end())
      append(unknown, array.name);
  if (missing.empty() && unknown.empty())
    return;
  std::string message = "requires ";
  message += names.empty() ? "no inputs" : "the inputs " + expected;
  if (!missing.empty())
    message += "; missing: " + missing;
  if (!unknown.empty())
    message += "; unknown: " + unknown;
  throw Error(ATTUNE_INVALID_ARGUMENT, message.c_str());
}

static DLTensor tensorOf(const attune_value_info_t &info, Array &array) {
  if (!matches(array.type, info.dtype))
    check(makeStatus(ATTUNE_INVALID_TYPE,
                     "input '%s' requires type %s (NumPy's %s), but got %s",
                     info.name, info.dtype_name,
                     npyTypeText(npyTypeOf(info.dtype)).c_str(),
                     npyTypeText(array.type).c_str()));
  DLTensor tensor = {};
  tensor.data = array.data;
  tensor.device = {kDLCPU, 0};
  tensor.ndim = static_cast<int32_t>(array.shape.size());
  tensor.dtype = info.dtype;
  tensor.shape = array.shape.data();
  return tensor;
}

Inputs readInputs(const Model &model,
                  const std::vector<std::string> &arguments) {
  Inputs inputs;
  inputs.arrays = readArrays(arguments);
  checkNames(model, inputs.arrays);
  for (size_t i = 0; i < model.inputCount(); ++i) {
    attune_value_info_t info = model.input(i);
    auto at = std::find_if(
        inputs.arrays.begin(), inputs.arrays.end(),
        [&](const Array &array) { return array.name == info.name; });
    inputs.tensors.push_back(tensorOf(info, *at));
    inputs.names.push_back(info.name);
  }
  return inputs;
}

} // namespace attune
