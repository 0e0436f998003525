// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#ifndef ATTUNE_PASSES_FORMS_PLAN_H
#define ATTUNE_PASSES_FORMS_PLAN_H

#include "passes/forms/FormSpec.h"

namespace attune {

/// Reads a plan, a JSON file:
///
///   {"version": 1,
///    "layers": [{"layers": "0-3", "heads": "all", "form": "sliding_window",
///                "parameters": {"window": 256}}]}
///
/// `layers` and `heads` are ranges as text, a number, or absent for all. Forms,
/// names of parameters and their kinds are checked; names of files become
/// relative to the folder that the plan lies in. An error begins with
/// FILE:LINE:COLUMN of what is wrong.
llvm::Expected<llvm::SmallVector<FormSpec>> readPlan(llvm::StringRef path);

} // namespace attune

#endif // ATTUNE_PASSES_FORMS_PLAN_H
