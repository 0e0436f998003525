// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/onnx/Nodes.h"
#include "passes/raise/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace attune {
#define GEN_PASS_DEF_MATCHSTATEPASS
#include "passes/raise/Passes.h.inc"

namespace {

/// An input that an output continues: the input, and new rows behind it along
/// `axis`.
struct Pair {
  unsigned input, output;
  int64_t axis;
};

class Matcher {
public:
  explicit Matcher(func::FuncOp graph) : graph(graph), b(graph.getContext()) {}

  LogicalResult match();

private:
  StringRef inputName(unsigned index);
  StringRef outputName(unsigned index);
  std::optional<unsigned> partnerOf(unsigned input);
  FailureOr<Pair> pairOf(unsigned input);
  LogicalResult reportNothing();
  LogicalResult checkSizes(const Pair &pair);
  void allowEmpty(StringRef size);
  void rewrite(const Pair &pair);
  Value transposed(Value value, ArrayRef<int64_t> order, StringRef name);
  func::ReturnOp end() {
    return cast<func::ReturnOp>(graph.getBody().front().getTerminator());
  }

  func::FuncOp graph;
  OpBuilder b;
  SmallVector<Pair> pairs;
};

} // namespace

/// What a name says behind `stem` or `stem_key_values`: "0.key" of
/// "past_key_values.0.key", "key.0" of "past_key_0". Nothing for other names.
static std::optional<std::string> nameBehind(StringRef name, StringRef stem) {
  SmallVector<StringRef> words, all;
  for (StringRef part : llvm::split(name, '.'))
    for (StringRef word : llvm::split(part, '_'))
      if (!word.empty())
        all.push_back(word);
  ArrayRef<StringRef> rest = all;
  if (rest.empty() || !rest.front().equals_insensitive(stem))
    return std::nullopt;
  rest = rest.drop_front();
  if (rest.size() > 1 && rest[0] == "key" && rest[1] == "values")
    rest = rest.drop_front(2);
  return llvm::join(rest, ".");
}

static StringRef nameIn(DictionaryAttr attributes) {
  auto name =
      attributes ? attributes.getAs<StringAttr>(onnx::nameAttr) : StringAttr();
  return name ? name.getValue() : StringRef();
}

StringRef Matcher::inputName(unsigned index) {
  return nameIn(graph.getArgAttrDict(index));
}

StringRef Matcher::outputName(unsigned index) {
  return nameIn(graph.getResultAttrDict(index));
}

/// Exporters put a concatenation of nothing but the past before the other.
static Value throughIdentity(Value value) {
  for (StringRef op = operatorOf(value); op == "Identity" || op == "Concat";
       op = operatorOf(value)) {
    auto node = value.getDefiningOp<onnx::NodeOp>();
    if (node.getInputs().size() != 1)
      break;
    value = node.getInputs()[0];
  }
  return value;
}

/// The axis along which `output` is `input` with more behind it.
static std::optional<int64_t> growthOf(Value input, Value output) {
  output = throughIdentity(output);
  if (auto concat = nodeOf(output, "Concat")) {
    int64_t axis = concat.getInt("axis", 0);
    axis = axis < 0 ? axis + typeOf(output).getRank() : axis;
    if (concat.getInputs().size() == 2 &&
        throughIdentity(concat.getInputs()[0]) == input &&
        throughIdentity(concat.getInputs()[1]) != input)
      return axis;
  }
  auto attention = nodeOf(output, "Attention");
  if (!attention)
    return std::nullopt;
  // present_key and present_value; past_key and past_value.
  for (unsigned which : {1u, 2u})
    if (which < attention.getOutputs().size() &&
        attention.getOutputs()[which] == output &&
        attention.getInput(3 + which) == input)
      return 2;
  return std::nullopt;
}

/// The output whose name says that it continues the input.
std::optional<unsigned> Matcher::partnerOf(unsigned input) {
  std::optional<std::string> wanted = nameBehind(inputName(input), "past");
  for (unsigned output = 0; output < graph.getNumResults(); ++output)
    if (nameBehind(outputName(output), "present") == wanted)
      return output;
  return std::nullopt;
}

FailureOr<Pair> Matcher::pairOf(unsigned input) {
  BlockArgument argument = graph.getArgument(input);
  std::optional<unsigned> named = partnerOf(input);
  for (unsigned output = 0; output < graph.getNumResults(); ++output) {
    if (named && output != *named)
      continue;
    if (std::optional<int64_t> axis =
            growthOf(argument, end().getOperand(output)))
      return Pair{input, output, *axis};
  }
  InFlightDiagnostic error = graph.emitError("input '") << inputName(input);
  if (named)
    error << "' cannot become state: output '" << outputName(*named)
          << "' has the name of what continues it, but is not this input with "
             "new rows behind it (a Concat of the two, or an Attention's "
             "present of its past)";
  else
    error << "' cannot become state: no output named 'present...' like it, and "
             "none that is this input with new rows behind it";
  return LogicalResult(error);
}

LogicalResult Matcher::reportNothing() {
  SmallVector<std::string> names;
  for (unsigned input = 0; input < graph.getNumArguments(); ++input)
    names.push_back(("'" + inputName(input) + "'").str());
  return graph.emitError("there is no state: requires inputs named "
                         "'past_key_values.N.key', 'past_key_N', 'past_N' or "
                         "the like, which outputs named 'present...' continue, "
                         "but the inputs are ")
         << llvm::join(names, ", ");
}

/// What grows must be open; the session learns all other sizes from the inputs
/// that are left to the caller.
LogicalResult Matcher::checkSizes(const Pair &pair) {
  BlockArgument argument = graph.getArgument(pair.input);
  RankedTensorType type = typeOf(argument);
  if (!type.isDynamicDim(pair.axis))
    return graph.emitError("input '")
           << inputName(pair.input) << "' cannot become state: its dimension "
           << pair.axis << " grows, but has the size "
           << type.getDimSize(pair.axis);
  llvm::StringSet<> given;
  for (BlockArgument other : graph.getArguments())
    if (llvm::none_of(pairs, [&](const Pair &pair) {
          return pair.input == other.getArgNumber();
        }))
      for (StringRef name : onnx::dimNames(other))
        given.insert(name);
  SmallVector<StringRef> names = onnx::dimNames(argument);
  for (int64_t dim = 0; dim < type.getRank(); ++dim) {
    if (dim == pair.axis || !type.isDynamicDim(dim))
      continue;
    StringRef name = names.empty() ? "" : names[dim];
    if (name.empty() || !given.contains(name))
      return graph.emitError("input '")
             << inputName(pair.input) << "' cannot become state: the size '"
             << name << "' of its dimension " << dim
             << " is not that of another input; give it by --dim";
  }
  return success();
}

/// Before the first run nothing is there.
void Matcher::allowEmpty(StringRef size) {
  auto module = graph->getParentOfType<ModuleOp>();
  auto ranges = module->getAttrOfType<DictionaryAttr>(onnx::rangesAttr);
  auto range =
      ranges ? ranges.getAs<DenseI64ArrayAttr>(size) : DenseI64ArrayAttr();
  if (size.empty() || !range)
    return;
  NamedAttrList list(ranges);
  list.set(size, b.getDenseI64ArrayAttr({0, range[1]}));
  module->setAttr(onnx::rangesAttr, list.getDictionary(b.getContext()));
}

static ArrayAttr permuted(OpBuilder &b, ArrayAttr names,
                          ArrayRef<int64_t> order) {
  SmallVector<Attribute> result;
  for (int64_t dim : order)
    result.push_back(names && !names.empty() ? names[dim]
                                             : b.getStringAttr(""));
  return b.getArrayAttr(result);
}

static RankedTensorType permuted(RankedTensorType type,
                                 ArrayRef<int64_t> order) {
  SmallVector<int64_t> shape;
  for (int64_t dim : order)
    shape.push_back(type.getDimSize(dim));
  return type.clone(shape);
}

Value Matcher::transposed(Value value, ArrayRef<int64_t> order,
                          StringRef name) {
  SmallVector<Attribute> names;
  for (StringRef dim : onnx::dimNames(value))
    names.push_back(b.getStringAttr(dim));
  ArrayAttr own = permuted(b, b.getArrayAttr(names), order);
  constexpr int64_t version = 13;
  auto node = onnx::NodeOp::create(
      b, graph.getLoc(), ArrayRef<Type>(permuted(typeOf(value), order)),
      b.getStringAttr("Transpose"), b.getI64IntegerAttr(version), value,
      b.getStringAttr(""), b.getStringAttr(name),
      b.getDictionaryAttr(
          b.getNamedAttr("perm", b.getDenseI64ArrayAttr(order))),
      b.getArrayAttr(own));
  return node.getOutputs()[0];
}

/// Puts what grows first, so that the rows that are there keep their places.
void Matcher::rewrite(const Pair &pair) {
  BlockArgument argument = graph.getArgument(pair.input);
  RankedTensorType type = typeOf(argument);
  SmallVector<int64_t> order = {pair.axis}, back(type.getRank());
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    if (dim != pair.axis)
      order.push_back(dim);
  for (auto [to, from] : llvm::enumerate(order))
    back[from] = to;
  SmallVector<StringRef> names = onnx::dimNames(argument);
  allowEmpty(names.empty() ? "" : names[pair.axis]);

  auto dimsOf = [&](DictionaryAttr attributes) {
    return permuted(b,
                    attributes ? attributes.getAs<ArrayAttr>(onnx::dimsAttr)
                               : ArrayAttr(),
                    order);
  };
  argument.setType(permuted(type, order));
  graph.setArgAttr(pair.input, onnx::dimsAttr,
                   dimsOf(graph.getArgAttrDict(pair.input)));
  graph.setArgAttr(pair.input, onnx::stateAttr,
                   b.getI64IntegerAttr(pair.output));
  b.setInsertionPointToStart(&graph.getBody().front());
  Value past = transposed(argument, back, inputName(pair.input));
  argument.replaceAllUsesExcept(past, past.getDefiningOp());

  b.setInsertionPoint(end());
  Value present =
      transposed(end().getOperand(pair.output), order, outputName(pair.output));
  end()->setOperand(pair.output, present);
  graph.setResultAttr(pair.output, onnx::dimsAttr,
                      dimsOf(graph.getResultAttrDict(pair.output)));
  graph.setType(b.getFunctionType(graph.getBody().getArgumentTypes(),
                                  end().getOperandTypes()));
}

LogicalResult Matcher::match() {
  bool found = false;
  for (unsigned input = 0; input < graph.getNumArguments(); ++input) {
    if (!nameBehind(inputName(input), "past"))
      continue;
    found = true;
    FailureOr<Pair> pair = pairOf(input);
    if (failed(pair))
      return failure();
    for (const Pair &other : pairs)
      if (other.output == pair->output)
        return graph.emitError("output '")
               << outputName(pair->output) << "' continues two inputs, '"
               << inputName(other.input) << "' and '" << inputName(input)
               << "'";
    pairs.push_back(*pair);
  }
  if (!found)
    return reportNothing();
  for (const Pair &pair : pairs)
    if (failed(checkSizes(pair)))
      return failure();
  for (const Pair &pair : pairs)
    rewrite(pair);
  return success();
}

namespace {
struct MatchState : impl::MatchStatePassBase<MatchState> {
  void runOnOperation() override {
    for (auto graph : getOperation().getOps<func::FuncOp>())
      if (graph.isPublic() && !graph.isExternal() &&
          failed(Matcher(graph).match()))
        return signalPassFailure();
  }
};
} // namespace
} // namespace attune
