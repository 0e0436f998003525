// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "frontends/onnx/ops/Reduce.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace attune {

namespace {

/// A tensor whose dimensions have letters.
struct Term {
  Value value;
  std::string letters;
};

/// Evaluates an equation, two terms at a time from the left.
class Equation {
public:
  Equation(onnx::NodeOp node, Lowering &b) : node(node), b(b) {}

  LogicalResult parse();
  LogicalResult evaluate();

private:
  std::string expand(StringRef letters, int64_t dots);
  LogicalResult takeDiagonal(Term &term);
  void dropSummed(Term &term, StringRef needed);
  Term product(const Term &left, const Term &right, StringRef needed);
  Value ordered(const Term &term);

  onnx::NodeOp node;
  Lowering &b;
  SmallVector<Term> terms;
  std::string result;
  std::map<char, OpFoldResult> sizes;
};

} // namespace

/// Dimensions under "..." get digits, aligned right.
std::string Equation::expand(StringRef letters, int64_t dots) {
  std::string all;
  for (; !letters.empty(); letters = letters.drop_front())
    if (letters.consume_front("...")) {
      for (int64_t i = dots; i-- > 0;)
        all += static_cast<char>('0' + i);
      letters = StringRef(letters.data() - 1, letters.size() + 1);
    } else {
      all += letters.front();
    }
  return all;
}

LogicalResult Equation::parse() {
  std::string text;
  for (char c : node.getString("equation", ""))
    if (c != ' ')
      text += c;
  auto [left, right] = StringRef(text).split("->");
  SmallVector<StringRef> parts;
  left.split(parts, ',');
  if (parts.size() != node.getInputs().size())
    return node.emitNodeError("requires as many terms as inputs");
  int64_t mostDots = 0;
  for (auto [part, input] : llvm::zip(parts, node.getInputs())) {
    int64_t rank = typeOf(input).getRank(), named = part.size();
    bool hasDots = part.contains("...");
    int64_t dots = hasDots ? rank - (named - 3) : 0;
    if (dots < 0 || dots > 9 || (!hasDots && named != rank))
      return node.emitNodeError("requires a letter for each dimension");
    mostDots = std::max(mostDots, dots);
    terms.push_back({input, expand(part, dots)});
  }
  result = expand(right, mostDots);
  if (text.find("->") == std::string::npos) {
    // Without a right side: letters that occur once, in order.
    std::map<char, int> counts;
    for (const Term &term : terms)
      for (char c : term.letters)
        ++counts[c];
    result = expand("...", mostDots);
    for (auto [c, count] : counts)
      if (count == 1 && !llvm::isDigit(c))
        result += c;
  }
  return success();
}

/// Gives each letter one dimension of the term, and a size that all share.
LogicalResult Equation::takeDiagonal(Term &term) {
  std::string unique;
  SmallVector<unsigned> from;
  for (auto [dim, c] : llvm::enumerate(term.letters)) {
    OpFoldResult own = b.size(term.value, dim);
    auto [known, isNew] = sizes.emplace(c, own);
    if (!isNew && isConstantIntValue(known->second, 1))
      known->second = own;
    else if (!isNew && !isConstantIntValue(own, 1) &&
             failed(b.requireEqual(node, known->second, own,
                                   "sizes of one letter")))
      return failure();
    size_t place = unique.find(c);
    if (place == std::string::npos) {
      place = unique.size();
      unique += c;
    }
    from.push_back(place);
  }
  if (unique == term.letters)
    return success();
  SmallVector<OpFoldResult> own;
  for (char c : unique)
    own.push_back(b.size(term.value, term.letters.find(c)));
  Value input = term.value;
  term.value = b.compute(
      own, elementOf(input), [&](ImplicitLocOpBuilder &b, ArrayRef<Value> ivs) {
        SmallVector<Value> at;
        for (unsigned place : from)
          at.push_back(ivs[place]);
        return tensor::ExtractOp::create(b, input, at).getResult();
      });
  term.letters = unique;
  return success();
}

/// Sums over letters that nothing else needs; drops sizes of 1 that stand for
/// a larger one.
void Equation::dropSummed(Term &term, StringRef needed) {
  Axes axes;
  std::string kept;
  for (auto [dim, c] : llvm::enumerate(term.letters)) {
    bool stands = isConstantIntValue(b.size(term.value, dim), 1) &&
                  !isConstantIntValue(sizes[c], 1);
    if (needed.contains(c) && !stands)
      kept += c;
    else
      axes.push_back(dim);
  }
  if (axes.empty())
    return;
  term.value = sum(b, term.value, axes);
  term.letters = kept;
}

/// Batch, then rows of the left, then columns of the right; the rest is summed.
Term Equation::product(const Term &left, const Term &right, StringRef needed) {
  std::string batch, rows, columns, depth;
  for (char c : left.letters) {
    bool inRight = right.letters.find(c) != std::string::npos;
    if (needed.contains(c))
      (inRight ? batch : rows) += c;
    else
      depth += c;
  }
  for (char c : right.letters)
    if (left.letters.find(c) == std::string::npos)
      columns += c;
  std::string kept = batch + rows + columns, all = kept + depth;
  auto mapOf = [&](StringRef letters) {
    SmallVector<AffineExpr> exprs;
    for (char c : letters)
      exprs.push_back(b.getAffineDimExpr(all.find(c)));
    return AffineMap::get(all.size(), 0, exprs, b.getContext());
  };
  SmallVector<OpFoldResult> shape;
  for (char c : kept)
    shape.push_back(sizes[c]);
  return {contract(b, left.value, right.value, mapOf(left.letters),
                   mapOf(right.letters), shape, depth.size()),
          kept};
}

/// The term with its dimensions as the result has them.
Value Equation::ordered(const Term &term) {
  SmallVector<AffineExpr> exprs;
  SmallVector<OpFoldResult> shape;
  for (char c : term.letters)
    exprs.push_back(b.getAffineDimExpr(result.find(c)));
  for (char c : result)
    shape.push_back(sizes[c]);
  int64_t rank = result.size();
  AffineMap map = AffineMap::get(rank, 0, exprs, b.getContext());
  if (map.isIdentity())
    return term.value;
  return b.generic(
      term.value, {map, b.getMultiDimIdentityMap(rank)},
      b.empty(shape, elementOf(term.value)),
      SmallVector<utils::IteratorType>(rank, utils::IteratorType::parallel),
      [](OpBuilder &, Location, ValueRange x) { return x[0]; });
}

LogicalResult Equation::evaluate() {
  for (Term &term : terms)
    if (failed(takeDiagonal(term)))
      return failure();
  for (char c : result)
    if (!sizes.count(c))
      return node.emitNodeError("requires letters of the result in the terms");
  auto neededAfter = [&](size_t from) {
    std::string letters = result;
    for (const Term &term : ArrayRef<Term>(terms).drop_front(from))
      letters += term.letters;
    return letters;
  };
  Term total = terms.front();
  dropSummed(total, neededAfter(1));
  for (size_t i = 1; i < terms.size(); ++i) {
    std::string after = neededAfter(i + 1);
    dropSummed(terms[i], after + total.letters);
    dropSummed(total, after + terms[i].letters);
    total = product(total, terms[i], after);
  }
  dropSummed(total, result);
  b.replace(node, ordered(total));
  return success();
}

static LogicalResult lowerEinsum(onnx::NodeOp node, Lowering &b) {
  Equation equation(node, b);
  if (failed(equation.parse()))
    return failure();
  return equation.evaluate();
}

void addEinsum(LoweringTable &table) { table.compute("Einsum", lowerEinsum); }

} // namespace attune
