// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Target/CNames.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Analysis/TargetLibraryInfo.h"
#include "llvm/TargetParser/Triple.h"

using namespace mlir::softmax;
using llvm::StringRef;

bool mlir::softmax::isCIdentifier(StringRef name) {
  return !name.empty() && !llvm::isDigit(name.front()) &&
         llvm::all_of(name,
                      [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

/// Keywords of C23 and C++20, those of C as headers spell them.
static bool isKeyword(StringRef name) {
  // clang-format off
  static const llvm::StringSet<> words = {
      "alignas", "alignof", "and", "and_eq", "asm", "auto", "bitand", "bitor",
      "bool", "break", "case", "catch", "char", "class", "compl", "concept",
      "const", "const_cast", "consteval", "constexpr", "constinit", "continue",
      "co_await", "co_return", "co_yield", "decltype", "default", "delete",
      "do", "double", "dynamic_cast", "else", "enum", "explicit", "export",
      "extern", "false", "float", "for", "friend", "goto", "if", "inline",
      "int", "long", "mutable", "namespace", "new", "noexcept", "not",
      "not_eq", "nullptr", "operator", "or", "or_eq", "private", "protected",
      "public", "register", "reinterpret_cast", "requires", "restrict",
      "return", "short", "signed", "sizeof", "static", "static_assert",
      "static_cast", "struct", "switch", "template", "this", "thread_local",
      "throw", "true", "try", "typedef", "typeid", "typename", "typeof",
      "typeof_unqual", "union", "unsigned", "using", "virtual", "void",
      "volatile", "while", "xor", "xor_eq"};
  // clang-format on
  return words.contains(name);
}

/// INT64_MAX, UINT8_C, SIZE_WIDTH, ...
static bool isLimitMacro(StringRef name) {
  if (!name.consume_back("_MAX") && !name.consume_back("_MIN") &&
      !name.consume_back("_C") && !name.consume_back("_WIDTH"))
    return false;
  return name.starts_with("INT") || name.starts_with("UINT") ||
         llvm::is_contained({"PTRDIFF", "SIG_ATOMIC", "SIZE", "WCHAR", "WINT"},
                            name);
}

/// What a generated header means something by, and what headers and compilers
/// define: types (POSIX reserves their suffix), macros, std.
static bool isHeaderName(StringRef name) {
  for (StringRef prefix : {"SOFTMAX_", "softmax_status", "kDL", "TVMFFI"})
    if (name.starts_with(prefix))
      return true;
  if (name.starts_with("DL") && name.size() > 2 && llvm::isUpper(name[2]))
    return true;
  if (name.starts_with("__") || name.ends_with("_t") || isLimitMacro(name))
    return true;
  // clang-format off
  static const llvm::StringSet<> words = {
      "EOF", "HUGE_VAL", "INFINITY", "NAN", "NULL", "I", "assert", "complex",
      "errno", "fpclassify", "i386", "imaginary", "isfinite",
      "isnormal", "linux", "main", "offsetof", "setjmp", "std",
      "stderr", "stdin", "stdout", "unix", "unreachable"};
  // clang-format on
  return words.contains(name);
}

/// The C library's functions that LLVM optimizes, and the further ones whose
/// types GCC or Clang check.
static bool isLibraryFunction(StringRef name) {
  static const llvm::TargetLibraryInfoImpl library(
      llvm::Triple("x86_64-unknown-linux-gnu"));
  // clang-format off
  static const llvm::StringSet<> further = {
      "alloca", "carg", "cimag", "conj", "coro_destroy", "coro_done",
      "coro_promise", "coro_resume", "cproj", "creal", "dcgettext", "dgettext",
      "drem", "erfc", "feclearexcept", "fegetenv", "fegetexceptflag",
      "fegetround", "feholdexcept", "feraiseexcept", "fesetenv",
      "fesetexceptflag", "fesetround", "fetestexcept", "feupdateenv", "ffsimax",
      "finite", "fma", "gamma", "gettext", "imaxabs", "index", "isalnum",
      "isalpha", "isblank", "iscntrl", "isdigit", "isgraph", "isinf", "islower",
      "isnan", "isprint", "ispunct", "isspace", "isupper", "iswalnum",
      "iswalpha", "iswblank", "iswcntrl", "iswdigit", "iswgraph", "iswlower",
      "iswprint", "iswpunct", "iswspace", "iswupper", "iswxdigit", "isxdigit",
      "j0", "j1", "jn", "lgamma", "llrint", "llround", "lrint", "lround",
      "pow10", "rindex", "scalb", "signbit", "significand", "strfmon",
      "strftime", "tolower", "toupper", "towlower", "towupper", "va_copy",
      "va_end", "va_start", "wcschr", "wcscmp", "wcsncmp", "wmemcmp", "wmemcpy",
      "wmemmove", "y0", "y1", "yn"};
  // clang-format on
  llvm::LibFunc function;
  return further.contains(name) || library.getLibFunc(name, function);
}

/// A library function, or its variant for another type, for complex numbers or
/// for one thread.
static bool isLibraryName(StringRef name) {
  if (isLibraryFunction(name))
    return true;
  StringRef stem = name;
  if (!stem.consume_back("_unlocked"))
    stem.consume_back("_r");
  for (StringRef suffix : {"f16", "f32", "f64", "f128", "f32x", "f64x", "d32",
                           "d64", "d128", "f", "l"})
    if (stem.consume_back(suffix))
      break;
  return isLibraryFunction(stem) ||
         (stem.consume_front("c") && isLibraryFunction(stem));
}

bool mlir::softmax::isReservedCName(StringRef name) {
  // Keywords such as _Bool, and what compilers and libraries define.
  if (name.starts_with("_") && name.size() > 1 && llvm::isUpper(name[1]))
    return true;
  return isKeyword(name) || isHeaderName(name) || isLibraryName(name);
}

std::string mlir::softmax::toCIdentifier(StringRef text) {
  std::string name;
  for (char c : text)
    name += llvm::isAlnum(c) ? c : '_';
  if (name.empty() || llvm::isDigit(name.front()))
    name.insert(name.begin(), '_');
  return name;
}
