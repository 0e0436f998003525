// Part of attune, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

#include "compiler/Load.h"
#include "dialects/kernel/Kernel.h"
#include "dialects/onnx/Onnx.h"
#include "frontends/onnx/ops/Passes.h"
#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "passes/forms/FormRecord.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/SourceMgr.h"

using namespace mlir;

namespace attune {

/// What a text may nest; the parser calls itself for each level.
static constexpr unsigned nestingLimit = 256;

/// What a tensor may hold: sizes in bytes are computed in 64 bits.
static constexpr int64_t elementLimit = int64_t(1) << 40;

/// What models are written in. The lower levels are the compiler's own: its
/// passes make them, and rely on how they do.
static constexpr StringLiteral modelDialects[] = {
    "builtin", "func", "arith", "math",   "tensor", "linalg",
    "index",   "attn", "cf",    "affine", "kernel"};

/// Types that a binary can take and give; those of less than a byte, and floats
/// of one, only by nodes of ONNX, which know what to do with them.
static bool isBoundaryType(Type type, bool isOnnx) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!tensor || tensor.getEncoding())
    return false;
  Type element = tensor.getElementType();
  if (auto integer = dyn_cast<IntegerType>(element)) {
    unsigned width = integer.getWidth();
    return !integer.isSigned() &&
           (width == 8 || width == 16 || width == 32 || width == 64 ||
            (width == 1 && integer.isSignless()) ||
            (isOnnx && (width == 2 || width == 4)));
  }
  auto number = dyn_cast<FloatType>(element);
  if (isOnnx && number && number.getWidth() <= 8)
    return true;
  return isa<Float32Type, Float64Type, Float16Type, BFloat16Type>(element);
}

/// Checks the names that the compiler's attributes give to a tensor.
static LogicalResult checkNames(func::FuncOp function, DictionaryAttr names,
                                Type type, const Twine &what) {
  if (!names)
    return success();
  auto isText = [](StringAttr text) {
    return text && llvm::json::isUTF8(text.strref()) &&
           !text.strref().contains('\0');
  };
  Attribute name = names.get(onnx::nameAttr), dims = names.get(onnx::dimsAttr);
  if (name && !isText(dyn_cast<StringAttr>(name)))
    return function.emitOpError("requires ")
           << onnx::nameAttr << " of " << what << " to be text";
  auto list = dyn_cast_or_null<ArrayAttr>(dims);
  auto rank = static_cast<size_t>(cast<RankedTensorType>(type).getRank());
  if (dims &&
      (!list || list.size() != rank || !llvm::all_of(list, [&](Attribute dim) {
        return isText(dyn_cast<StringAttr>(dim));
      })))
    return function.emitOpError("requires ")
           << onnx::dimsAttr << " of " << what << " to be " << rank << " names";
  return success();
}

/// Checks that the result which continues a state has its type.
static LogicalResult checkState(func::FuncOp function, unsigned input,
                                llvm::SmallDenseSet<int64_t> &taken) {
  Attribute mark = function.getArgAttr(input, onnx::stateAttr);
  if (!mark)
    return success();
  auto number = dyn_cast<IntegerAttr>(mark);
  if (!number || !number.getType().isInteger(64) || number.getInt() < 0 ||
      number.getInt() >= function.getNumResults() ||
      !taken.insert(number.getInt()).second)
    return function.emitOpError("requires ")
           << onnx::stateAttr << " of input " << input
           << " to be the number of an output that continues no other";
  auto own = cast<RankedTensorType>(function.getArgumentTypes()[input]);
  auto other =
      cast<RankedTensorType>(function.getResultTypes()[number.getInt()]);
  if (own.getElementType() != other.getElementType() ||
      own.getRank() != other.getRank() || own.getRank() < 1 ||
      !own.isDynamicDim(0))
    return function.emitOpError("requires output ")
           << number.getInt() << " to continue input " << input
           << " along an open first dimension, but got " << own << " and "
           << other;
  return success();
}

/// An input or output by its name, or by its position.
static std::string shownName(DictionaryAttr names, StringRef kind, int at) {
  auto name = names ? names.getAs<StringAttr>(onnx::nameAttr) : StringAttr();
  if (!name)
    return (kind + " " + Twine(at)).str();
  return (kind + " '" + name.getValue() + "'").str();
}

static LogicalResult checkBoundary(func::FuncOp function, bool isOnnx) {
  auto check = [&](Type type, DictionaryAttr names, StringRef kind, int at) {
    std::string what = shownName(names, kind, at);
    if (!isBoundaryType(type, isOnnx))
      return LogicalResult(function.emitOpError("requires ")
                           << what
                           << " to be a ranked tensor of f32, f64, f16, bf16, "
                              "i1 or integers of 8 to 64 bits, but got "
                           << type);
    return checkNames(function, names, type, what);
  };
  bool fine = true;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    fine &= succeeded(check(type, function.getArgAttrDict(i), "input", i));
  for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
    fine &= succeeded(check(type, function.getResultAttrDict(i), "output", i));
  if (!fine)
    return failure();
  llvm::SmallDenseSet<int64_t> taken;
  for (unsigned i = 0; i < function.getNumArguments(); ++i)
    if (failed(checkState(function, i, taken)))
      return failure();
  return success();
}

static LogicalResult checkRanges(ModuleOp module) {
  Attribute ranges = module->getAttr(dimRangesAttr);
  auto all = dyn_cast_or_null<DictionaryAttr>(ranges);
  bool valid = !ranges || (all && llvm::all_of(all, [](NamedAttribute named) {
                             auto range =
                                 dyn_cast<DenseI64ArrayAttr>(named.getValue());
                             return range && range.size() == 2 && range[0] >= 0;
                           }));
  if (valid)
    return success();
  return module.emitError("requires ")
         << dimRangesAttr << " to give two sizes to each name";
}

/// A model is one public function on tensors.
static LogicalResult checkModule(ModuleOp module, bool isOnnx) {
  SmallVector<func::FuncOp> graphs;
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic() && !function.isDeclaration())
      graphs.push_back(function);
    else if (function.isDeclaration())
      return function.emitOpError("requires a body");
  if (graphs.size() != 1)
    return module.emitError("requires one public function, the model, but got ")
           << graphs.size();
  if (failed(checkRanges(module)))
    return failure();
  return checkBoundary(graphs.front(), isOnnx);
}

/// Whether a tensor's known sizes stay within what can be computed with.
static bool isOfSaneSize(Type type) {
  auto shaped = dyn_cast<ShapedType>(type);
  if (!shaped || !shaped.hasRank() || llvm::is_contained(shaped.getShape(), 0))
    return true;
  int64_t count = 1;
  for (int64_t size : shaped.getShape())
    if (!ShapedType::isDynamic(size) &&
        (llvm::MulOverflow(count, size, count) || count > elementLimit))
      return false;
  return true;
}

static LogicalResult checkSizes(Operation *op) {
  SmallVector<Type> types(op->getResultTypes());
  for (Region &region : op->getRegions())
    for (Block &block : region)
      llvm::append_range(types, block.getArgumentTypes());
  if (auto weight = dyn_cast<kernel::WeightOp>(op))
    llvm::append_range(types,
                       SmallVector<Type>{weight.getStored(), weight.getType()});
  for (Type type : types)
    if (!isOfSaneSize(type))
      return op->emitError("requires tensors of at most ")
             << elementLimit << " elements, but got " << type;
  return success();
}

/// Refuses what the stages do not expect from a file.
static LogicalResult checkOperation(Operation *op) {
  StringRef dialect = op->getName().getDialectNamespace();
  if (isa<onnx::NodeOp, onnx::NoneOp>(op))
    return op->emitError("nodes of ONNX are checked where an ONNX file is "
                         "read: requires the .onnx file");
  if (!llvm::is_contained(modelDialects, dialect))
    return op->emitError("models are not written in '")
           << op->getName() << "'; these dialects are known: "
           << llvm::join(ArrayRef(modelDialects), ", ");
  if (isa<func::CallOp, func::CallIndirectOp, func::ConstantOp>(op))
    return op->emitError("requires a model without calls, but got '")
           << op->getName() << "': inline the function";
  if (dialect == "kernel" && !isa<kernel::WeightOp, kernel::LoadWeightOp>(op))
    return op->emitError("'")
           << op->getName() << "' is made by the compiler only";
  return checkSizes(op);
}

static LogicalResult checkOperations(ModuleOp module) {
  return failure(module
                     .walk<WalkOrder::PreOrder>([](Operation *op) {
                       return WalkResult(checkOperation(op));
                     })
                     .wasInterrupted());
}

/// Whether a term of an affine expression begins after `rest`'s first
/// character; the parser makes a level of each.
static bool isOperator(StringRef rest) {
  if (rest.starts_with("->"))
    return false;
  return StringRef("+-*").contains(rest.front()) || rest.starts_with(" mod") ||
         rest.starts_with("\nmod") || rest.starts_with("div ") ||
         rest.starts_with("div\n");
}

/// The text's first place that is nested too deeply, or null. Strings and
/// comments do not nest.
static const char *findDeepNesting(StringRef text) {
  unsigned depth = 0, terms = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (StringRef(",;:%=()[]{}<>").contains(c))
      terms = 0;
    else if (isOperator(text.substr(i)) && ++terms > nestingLimit)
      return text.data() + i;
    if (c == '"') {
      for (++i; i < text.size() && text[i] != '"' && text[i] != '\n'; ++i)
        i += text[i] == '\\';
    } else if (c == '/' && text.substr(i).starts_with("//")) {
      i = std::min(text.find('\n', i), text.size());
    } else if (StringRef("([{<").contains(c)) {
      if (++depth > nestingLimit)
        return text.data() + i;
    } else if (depth && StringRef(")]}").contains(c)) {
      --depth;
    } else if (depth && c == '>' && i && text[i - 1] != '-' &&
               text[i - 1] != '=') {
      --depth;
    }
  }
  return nullptr;
}

static OwningOpRef<ModuleOp> readMlir(StringRef path, MLIRContext &context) {
  Location place = FileLineColLoc::get(&context, path, 0, 0);
  llvm::sys::fs::file_status status;
  std::error_code code = llvm::sys::fs::status(path, status);
  // To open a pipe would wait for whoever writes to it.
  if (!code && !llvm::sys::fs::is_regular_file(status))
    code = std::make_error_code(std::errc::not_supported);
  auto buffer = code ? llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>>(code)
                     : llvm::MemoryBuffer::getFile(path);
  if (!buffer) {
    emitError(place) << "cannot be read: " << buffer.getError().message();
    return {};
  }
  bool binary = isBytecode((*buffer)->getMemBufferRef());
  StringRef text = (*buffer)->getBuffer();
  if (const char *deep = binary ? nullptr : findDeepNesting(text)) {
    unsigned line = 1 + text.take_front(deep - text.data()).count('\n');
    emitError(FileLineColLoc::get(&context, path, line, 1))
        << "requires a text nested at most " << nestingLimit << " deep";
    return {};
  }
  auto sources = std::make_shared<llvm::SourceMgr>();
  sources->AddNewSourceBuffer(std::move(*buffer), {});
  // Our own check names what is unknown.
  context.allowUnregisteredDialects();
  auto module = parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
  context.allowUnregisteredDialects(false);
  return module;
}

/// An ONNX file; `loaded` gets what is wrong.
static void readOnnx(const CompileOptions &options, MLIRContext &context,
                     Loaded &loaded) {
  OnnxImportOptions import;
  import.dims = options.dims;
  import.summary = options.summary;
  import.refusal = [](StringRef domain, StringRef opType) {
    return refusalOf(domain, opType).str();
  };
  OnnxImport result = importOnnx(context, options.model, import);
  loaded.module = std::move(result.module);
  loaded.isPartial = result.isPartial;
  if (result.optionsAtFault)
    loaded.status = CompileStatus::badOptions;
}

Loaded loadModule(const CompileOptions &options, MLIRContext &context) {
  Loaded loaded;
  StringRef path = options.model;
  Location place = FileLineColLoc::get(&context, path, 0, 0);
  bool isOnnx = path.ends_with(".onnx");
  if (isOnnx) {
    readOnnx(options, context, loaded);
  } else if (!path.ends_with(".mlir") && !path.ends_with(".mlirbc")) {
    emitError(place) << "the name ends in no known format; known are .onnx "
                        "(ONNX), .mlir and .mlirbc (MLIR)";
  } else if (!options.dims.empty()) {
    emitError(place) << "--dim names dimensions of an ONNX model; in MLIR they "
                        "stand in the types";
    loaded.status = CompileStatus::badOptions;
  } else {
    loaded.module = readMlir(path, context);
    if (loaded.module && failed(checkOperations(*loaded.module)))
      loaded.module = nullptr;
    // What a file says of itself is not what will be found.
    if (loaded.module)
      for (StringRef record : {StringRef(formsAttr), StringRef(polynomialAttr)})
        (*loaded.module)->removeAttr(record);
  }
  // What is partial has no signature to check.
  if (loaded.module && !loaded.isPartial &&
      failed(checkModule(*loaded.module, isOnnx))) {
    loaded.isPartial = isOnnx;
    if (!isOnnx)
      loaded.module = nullptr;
  }
  return loaded;
}

} // namespace attune
