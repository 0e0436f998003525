// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "dialects/attn/forms/fft_rpe/LagReader.h"
#include "dialects/attn/forms/fft_rpe/ElementWalker.h"
#include "dialects/attn/forms/fft_rpe/LagForm.h"
#include "llvm/ADT/ScopeExit.h"

using namespace mlir;

namespace attune::attn {

/// How far apart neighbours along each dimension lie.
static SmallVector<int64_t> stridesOf(ShapedType type) {
  SmallVector<int64_t> strides(type.getRank(), 1);
  for (int64_t dim = type.getRank() - 1; dim > 0; --dim)
    strides[dim - 1] = strides[dim] * type.getDimSize(dim);
  return strides;
}

/// Whether elements move along the diagonals of two dimensions unchanged.
static bool isToeplitz(const TensorContents &contents, unsigned row,
                       unsigned column) {
  RankedTensorType type = contents.type();
  SmallVector<int64_t> strides = stridesOf(type);
  for (int64_t k = 0; k < type.getNumElements(); ++k) {
    int64_t i = k / strides[row] % type.getDimSize(row);
    int64_t j = k / strides[column] % type.getDimSize(column);
    if (i > 0 && j > 0 &&
        contents.number(k) !=
            contents.number(k - strides[row] - strides[column]))
      return false;
  }
  return true;
}

/// The slope along one dimension if elements are linear in it, the same for all
/// other indices or, if they differ, NaN.
static std::optional<double> slopeAlong(const TensorContents &contents,
                                        unsigned dim) {
  RankedTensorType type = contents.type();
  int64_t stride = stridesOf(type)[dim], size = type.getDimSize(dim);
  constexpr double rounding = 1e-6;
  std::optional<double> common;
  for (int64_t first = 0; first < type.getNumElements(); ++first) {
    if (first / stride % size != 0)
      continue;
    double start = contents.number(first);
    double end = contents.number(first + (size - 1) * stride);
    double slope = size > 1 ? (end - start) / static_cast<double>(size - 1) : 0;
    double most = std::max(std::abs(start), std::abs(end)) * rounding;
    for (int64_t at = 0; at < size; ++at) {
      double line = start + slope * static_cast<double>(at);
      if (!(std::abs(contents.number(first + at * stride) - line) <= most))
        return std::nullopt;
    }
    if (common && *common != slope)
      common = std::nan("");
    else if (!common)
      common = slope;
  }
  return common;
}

namespace {

/// What is known of how elements depend on i and j.
class FormWalker : public ElementWalker<LagForm> {
protected:
  LagForm fixedIndex(int64_t) override { return LagForm::same(); }
  LagForm scalarConstant(Attribute) override { return LagForm::same(); }
  LagForm apply(Operation *op, ArrayRef<LagForm> operands) override {
    return LagForm::apply(op, operands);
  }
  LagForm constantElement(const TensorContents &contents,
                          ArrayRef<LagForm> at) override {
    SmallVector<unsigned> varying;
    for (auto [dim, form] : llvm::enumerate(at)) {
      if (!form)
        return {};
      if (!form.isSame())
        varying.push_back(dim);
    }
    if (varying.empty())
      return LagForm::same();
    if (llvm::all_of(at, [](LagForm form) { return form.isLag(); }))
      return LagForm::lag();
    if (varying.size() == 1)
      if (std::optional<double> slope = slopeAlong(contents, varying[0]))
        return at[varying[0]].times(*slope);
    if (varying.size() != 2 || !at[varying[0]].isDiagonalTo(at[varying[1]]) ||
        !isToeplitz(contents, varying[0], varying[1]))
      return {};
    return LagForm::lag();
  }
};

/// The value of an element.
class ValueWalker : public ElementWalker<Attribute> {
public:
  explicit ValueWalker(MLIRContext *context) : index(IndexType::get(context)) {}
  Attribute fixedIndex(int64_t value) override {
    return IntegerAttr::get(index, value);
  }

protected:
  Attribute scalarConstant(Attribute value) override { return value; }
  Attribute constantElement(const TensorContents &contents,
                            ArrayRef<Attribute> at) override {
    int64_t place = 0;
    for (auto [size, attribute] : llvm::zip(contents.type().getShape(), at)) {
      auto known = dyn_cast_or_null<IntegerAttr>(attribute);
      if (!known || known.getInt() < 0 || known.getInt() >= size)
        return {};
      place = place * size + known.getInt();
    }
    return contents.attribute(place);
  }
  /// Folds a copy, because folding may change an operation where it is.
  Attribute apply(Operation *op, ArrayRef<Attribute> operands) override {
    Operation *copy = op->clone();
    auto destroy = llvm::scope_exit([&] { copy->destroy(); });
    SmallVector<OpFoldResult> results;
    if (failed(copy->fold(operands, results)) || results.size() != 1)
      return {};
    if (auto attribute = dyn_cast<Attribute>(results.front()))
      return attribute;
    for (auto [operand, known] : llvm::zip(copy->getOperands(), operands))
      if (operand == cast<Value>(results.front()))
        return known;
    return {};
  }

private:
  Type index;
};

} // namespace

/// How the dimensions of a tensor depend on i and j; those that depend on the
/// item of the batch must not matter.
static SmallVector<LagForm> formsOf(ShapedType type, AffineMap map) {
  SmallVector<LagForm> forms;
  for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
    auto loop = dyn_cast<AffineDimExpr>(expr);
    if (!loop || type.getDimSize(dim) == 1 || loop.getPosition() == 1)
      forms.push_back(LagForm::same());
    else if (loop.getPosition() == 0)
      forms.push_back(LagForm());
    else
      forms.push_back(loop.getPosition() == 2 ? LagForm::linear(1, 0)
                                              : LagForm::linear(0, 1));
  }
  return forms;
}

static std::optional<double> numberOf(Attribute attribute) {
  if (auto real = dyn_cast_or_null<FloatAttr>(attribute))
    return real.getValueAsDouble();
  if (auto integer = dyn_cast_or_null<IntegerAttr>(attribute))
    return static_cast<double>(integer.getInt());
  return std::nullopt;
}

namespace {
/// One tensor's elements at map(b,h,i,j).
struct Reader {
  Value tensor;
  AffineMap map;
  ValueWalker walker{tensor.getContext()};

  std::optional<double> at(int64_t head, int64_t i, int64_t j) {
    auto type = cast<ShapedType>(tensor.getType());
    const int64_t place[] = {0, head, i, j};
    SmallVector<Attribute> index;
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      bool isUnit = !loop || type.getDimSize(dim) == 1;
      index.push_back(
          walker.fixedIndex(isUnit ? 0 : place[loop.getPosition()]));
    }
    return numberOf(walker.element(tensor, index));
  }
};
} // namespace

FailureOr<ToeplitzBias> readLags(Value tensor, AffineMap map, int64_t heads,
                                 int64_t length, std::string &reason) {
  auto type = cast<ShapedType>(tensor.getType());
  LagForm form = FormWalker().element(tensor, formsOf(type, map));
  if (!form) {
    reason = "requires a bias that is known when the model is compiled and "
             "whose elements depend on j - i only, for query i and key j";
    return failure();
  }
  bool byHead = false;
  for (auto [dim, expr] : llvm::enumerate(map.getResults()))
    byHead |= expr == getAffineDimExpr(1, map.getContext()) &&
              type.getDimSize(dim) != 1;
  ToeplitzBias bias(byHead ? heads : 1, length);
  Reader reader{tensor, map};
  // What is linear in i and j goes on as it begins.
  bool extends = form.isLinear() && !form.isLag();
  for (int64_t head = 0; head < bias.heads; ++head)
    for (int64_t lag = 1 - length; lag < length; ++lag) {
      int64_t i = extends ? 0 : std::max<int64_t>(-lag, 0);
      int64_t j = extends ? std::abs(lag) : std::max<int64_t>(lag, 0);
      std::optional<double> value = reader.at(head, i, j);
      if (value && extends && lag < 0)
        if (std::optional<double> start = reader.at(head, 0, 0))
          value = 2 * *start - *value;
      if (!value || std::isnan(*value)) {
        reason = "requires a bias whose elements are known when the model is "
                 "compiled and are no NaN";
        return failure();
      }
      bias.at(head, lag) = static_cast<float>(*value);
    }
  return bias;
}

} // namespace attune::attn
