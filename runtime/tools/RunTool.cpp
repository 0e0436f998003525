// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/Inputs.h"
#include "runtime/tools/Summary.h"
#include "runtime/tools/Tool.h"

#include <cstdio>

namespace attune {

void printError(const std::string &message) {
  std::fprintf(stderr, "attune: error: %s\n", message.c_str());
}

ExitCode guardTool(const std::function<void()> &body) {
  try {
    body();
    return fine;
  } catch (const Error &error) {
    printError(error.what());
    return error.code() == ATTUNE_INTERNAL ? bug : badInput;
  } catch (const std::bad_alloc &) {
    printError("out of memory");
    return badInput;
  } catch (const std::exception &error) {
    printError(std::string("unexpected: ") + error.what());
    return bug;
  }
}

ExitCode runTool(const RunOptions &options) {
  if (options.generate)
    return generateTool(options);
  return guardTool([&] {
    Model model(options.model);
    Inputs inputs = readInputs(model, options.inputs);
    Session session(model, options.threads);
    std::vector<Tensor> outputs;
    for (int i = 0; i < options.repeat; ++i) {
      // Before the next run, so that its memory can be used again.
      outputs.clear();
      outputs = session.run(inputs.tensors);
    }
    std::vector<NamedTensor> named;
    for (size_t i = 0; i < outputs.size(); ++i)
      named.push_back({model.output(i).name, &outputs[i].dlpack()});
    if (!options.output.empty())
      check(writeNpz(options.output, named));
    for (const NamedTensor &output : named) {
      std::string line = describeTensor(output.name, *output.tensor);
      if (options.output.empty())
        line += ", " + describeElements(*output.tensor);
      std::puts(line.c_str());
    }
  });
}

} // namespace attune
