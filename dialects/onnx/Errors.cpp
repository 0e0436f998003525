// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/onnx/Errors.h"
#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace attune::onnx {

static constexpr StringLiteral standardDomain = "ai.onnx";
static constexpr StringLiteral before = "node '", afterName = "' (",
                               beforeReason = "): ";

Location nodeLoc(Location file, StringRef name, int64_t place) {
  MLIRContext *context = file.getContext();
  Location loc = NameLoc::get(StringAttr::get(context, name), file);
  if (place < 0)
    return loc;
  return FusedLoc::get(context, {loc},
                       IntegerAttr::get(IntegerType::get(context, 64), place));
}

InFlightDiagnostic emitNodeError(Location loc, StringRef name, StringRef domain,
                                 StringRef opType, int64_t version) {
  InFlightDiagnostic diagnostic = mlir::emitError(loc);
  // A piece for each argument, as `readNodeError` expects them.
  diagnostic << before << name << afterName
             << (domain.empty() ? StringRef(standardDomain) : domain) << "."
             << opType << ", version " << version << beforeReason;
  return diagnostic;
}

static StringRef textOf(const DiagnosticArgument &argument) {
  return argument.getKind() ==
                 DiagnosticArgument::DiagnosticArgumentKind::String
             ? argument.getAsString()
             : StringRef();
}

static int64_t placeOf(Location loc) {
  int64_t place = -1;
  loc->walk([&](Location inner) {
    auto fused = dyn_cast<FusedLoc>(inner);
    auto number = dyn_cast_or_null<IntegerAttr>(fused ? fused.getMetadata()
                                                      : Attribute());
    if (!number)
      return WalkResult::advance();
    place = number.getInt();
    return WalkResult::interrupt();
  });
  return place;
}

std::optional<NodeError> readNodeError(const Diagnostic &diagnostic) {
  constexpr size_t pieces = 9;
  ArrayRef<DiagnosticArgument> arguments = diagnostic.getArguments();
  if (arguments.size() < pieces || textOf(arguments[0]) != before ||
      textOf(arguments[2]) != afterName ||
      textOf(arguments[pieces - 1]) != beforeReason)
    return std::nullopt;
  NodeError error;
  error.place = placeOf(diagnostic.getLocation());
  error.name = textOf(arguments[1]).str();
  error.domain = textOf(arguments[3]).str();
  if (error.domain == standardDomain)
    error.domain.clear();
  error.opType = textOf(arguments[5]).str();
  llvm::raw_string_ostream stream(error.reason);
  for (const DiagnosticArgument &argument : arguments.drop_front(pieces))
    argument.print(stream);
  return error;
}

} // namespace attune::onnx
