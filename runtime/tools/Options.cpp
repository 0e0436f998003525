// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "runtime/tools/Options.h"
#include "runtime/tools/Inputs.h"

#include <cerrno>
#include <cstdlib>

namespace attune {

bool parseDimArgument(const std::string &text,
                      std::map<std::string, int64_t> &sizes) {
  size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0 || equals + 1 == text.size() ||
      text.find_first_not_of("0123456789", equals + 1) != std::string::npos)
    return false;
  errno = 0;
  long long size = std::strtoll(text.c_str() + equals + 1, nullptr, 10);
  return errno == 0 && sizes.emplace(text.substr(0, equals), size).second;
}

static CLI::Option *addInputs(CLI::App &app, std::vector<std::string> &inputs) {
  auto check = [](const std::string &text) -> std::string {
    return isInputArgument(text)
               ? ""
               : "'" + text + "' is neither FILE.npz nor NAME=FILE.npy";
  };
  return app
      .add_option("-i,--input", inputs,
                  "Inputs: an archive of all, FILE.npz, or one, NAME=FILE.npy; "
                  "may be repeated")
      ->allow_extra_args(false)
      ->check(check);
}

static constexpr int most = 1000000;

/// All of them need --generate.
static void addGenerateOptions(CLI::App &app, RunOptions &options) {
  CLI::Option *flag = app.add_flag(
      "--generate", options.generate,
      "Continue a prompt: the inputs are input_ids and, with padding on the "
      "left, attention_mask. Prints a token a line, behind its row if there "
      "are several; the archive (-o) gets ids and tokens");
  GenerateOptions &own = options.generation;
  auto add = [&](const char *name, auto &value, const char *text) {
    return app.add_option(name, value, text)->needs(flag)->group("Generation");
  };
  add("--max-new", own.maxNew, "New tokens of a row, at most")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add("--eos", own.eos, "Tokens that end a row")->delimiter(',');
  add("--pad", own.pad, "Token behind rows that have ended");
  add("--temperature", own.sampling.temperature,
      "0: always the likeliest token");
  add("--top-k", own.sampling.top_k, "Draw from the best so many; 0: all");
  add("--top-p", own.sampling.top_p, "Draw from the fewest of this share");
  add("--min-p", own.sampling.min_p,
      "Draw from those of at least this share of the best one's");
  add("--repetition-penalty", own.sampling.repetition_penalty,
      "Divides the logits of tokens seen");
  add("--presence-penalty", own.sampling.presence_penalty,
      "Taken off the logits of tokens seen");
  add("--frequency-penalty", own.sampling.frequency_penalty,
      "Taken off for each time that a token was seen");
  add("--seed", own.sampling.seed, "Of the draws: equal seeds, equal text");
  add("--prefill-chunk", own.prefillChunk,
      "Tokens of the prompt that run at once; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add("--capacity", own.capacity,
      "Positions that the state has room for; 0: as many as it takes")
      ->check(CLI::NonNegativeNumber);
}

void addRunOptions(CLI::App &app, RunOptions &options) {
  addInputs(app, options.inputs);
  app.add_option("-o,--output", options.output,
                 "Archive (.npz) of the outputs; without it their least, mean "
                 "and largest elements are printed");
  app.add_option("--threads", options.threads,
                 "Threads; 0: one for each processor")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--repeat", options.repeat,
                 "How often to run; the outputs are those of the last run")
      ->check(CLI::Range(1, most))
      ->capture_default_str();
  addGenerateOptions(app, options);
}

void addBenchOptions(CLI::App &app, BenchOptions &options) {
  CLI::Option *inputs = addInputs(app, options.inputs);
  auto isDim = [](const std::string &text) -> std::string {
    std::map<std::string, int64_t> sizes;
    return parseDimArgument(text, sizes) ? "" : "'" + text + "' is not NAME=N";
  };
  app.add_option("--dim", options.dims,
                 "Sizes for inputs that are made up when no -i is given: "
                 "NAME=N, or INPUT[DIM]=N where a size has no name. Floats are "
                 "then between -1 and 1, integers 0 or 1, from a fixed seed")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(isDim)
      ->excludes(inputs);
  app.add_option("--threads", options.threads,
                 "Numbers of threads to measure, such as 1,2; 0: one for each "
                 "processor")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--repeat", options.repeat, "Runs that are measured")
      ->check(CLI::Range(1, most))
      ->capture_default_str();
  app.add_option("--warmup", options.warmup, "Runs before them")
      ->check(CLI::Range(0, most))
      ->capture_default_str();
  app.add_flag("--json", options.json, "Print JSON");
}

void addCompareOptions(CLI::App &app, CompareOptions &options) {
  addInputs(app, options.inputs);
  app.add_option("--threads", options.threads,
                 "Threads; 0: one for each processor")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--repeat", options.repeat,
                 "Runs of each that are measured, in turn")
      ->check(CLI::Range(1, most))
      ->capture_default_str();
  app.add_option("--warmup", options.warmup, "Runs of each before them")
      ->check(CLI::Range(0, most))
      ->capture_default_str();
  app.add_option_function<std::vector<std::string>>(
         "--fail-if",
         [&options](const std::vector<std::string> &texts) {
           for (const std::string &text : texts) {
             std::string reason;
             options.limits.emplace_back();
             if (!parseLimit(text, options.limits.back(), reason))
               throw CLI::ValidationError("--fail-if", reason);
           }
         },
         "What must not be, METRIC>NUMBER or METRIC<NUMBER, of any layer or "
         "output, or of 'layers.METRIC' or 'outputs.METRIC' alone: max_abs, "
         "relative_l2, cosine, argmax_agreement; or speedup. The exit code is "
         "then 1; may be repeated")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_flag("--json", options.json, "Print JSON");
}

void addInspectOptions(CLI::App &app, InspectOptions &options) {
  app.add_flag("--json", options.json, "Print the manifest of the binary");
}

} // namespace attune
