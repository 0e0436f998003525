// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/tools/Commands.h"
#include "dialects/attn/forms/Forms.h"

#include <iostream>

namespace attune {

static constexpr const char *examples = R"(Examples:
  attune forms
  attune compile model.onnx -o model.so --attention 'sliding_window{window=512,sinks=4}@layers=0-3'
)";

/// "256", "false", "no file".
static std::string defaultOf(const attn::FormParameter &parameter) {
  bool isFile = parameter.kind == attn::FormParameter::Kind::file;
  return isFile ? "no file" : parameter.otherwiseText();
}

/// The meaning, and what may be chosen.
static std::string meaningOf(const attn::FormParameter &parameter) {
  bool isChoice = parameter.kind == attn::FormParameter::Kind::choice;
  return parameter.meaning.str() +
         (isChoice ? "; " + parameter.kindText() : std::string());
}

static std::string str(llvm::StringRef text) { return text.str(); }

static void list(std::ostream &out) {
  for (const attn::Form &form : attn::forms()) {
    out << str(form.name) << ": " << str(form.meaning) << "\n";
    for (const attn::FormParameter &parameter : form.parameters)
      out << "  " << str(parameter.name) << "=" << defaultOf(parameter) << "  "
          << meaningOf(parameter) << "\n";
    out << "  (" << str(form.source) << ")\n";
  }
}

static void writeTable(std::ostream &out) {
  out << "| form | what attention becomes | parameters (default) | source |\n"
      << "|---|---|---|---|\n";
  for (const attn::Form &form : attn::forms()) {
    out << "| `" << str(form.name) << "` | " << str(form.meaning) << " | ";
    const char *between = "";
    for (const attn::FormParameter &parameter : form.parameters) {
      out << between << "`" << str(parameter.name) << "` ("
          << defaultOf(parameter) << "): " << meaningOf(parameter);
      between = "; ";
    }
    out << " | " << str(form.source) << " |\n";
  }
}

void addForms(CLI::App &app, int &) {
  auto *command = app.add_subcommand(
      "forms", "List the forms that can take the place of dense attention");
  command->footer(examples);
  auto table = std::make_shared<bool>(false);
  command->add_flag("--markdown", *table, "As the table of docs/forms.md");
  command->callback(
      [table] { *table ? writeTable(std::cout) : list(std::cout); });
}

} // namespace attune
