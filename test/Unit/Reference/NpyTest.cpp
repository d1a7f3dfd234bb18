// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Reference/Npy.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <random>

using namespace mlir::softmax::reference;

namespace {

/// A file of version 1.0 with this header and these data.
std::string file(llvm::StringRef header, llvm::StringRef data, char major = 1) {
  std::string bytes("\x93NUMPY");
  bytes += major;
  bytes += '\0';
  for (unsigned i = 0; i < (major == 1 ? 2u : 4u); ++i)
    bytes += static_cast<char>(header.size() >> (8 * i));
  return bytes + header.str() + data.str();
}

std::string errorOf(llvm::StringRef bytes) {
  llvm::Expected<NpyArray> array = parseNpy(bytes, "x.npy");
  return array ? "" : llvm::toString(array.takeError());
}

testing::AssertionResult refuses(llvm::StringRef bytes, llvm::StringRef why) {
  std::string error = errorOf(bytes);
  if (llvm::StringRef(error).starts_with("x.npy: ") &&
      llvm::StringRef(error).contains(why) &&
      !llvm::StringRef(error).contains('\n'))
    return testing::AssertionSuccess();
  return testing::AssertionFailure() << "the error is '" << error << "'";
}

NpyArray sample() {
  NpyArray array;
  array.type = NpyType::Int32;
  array.shape = {2, 3};
  for (int32_t i = 0; i < 6; ++i)
    array.data.insert(array.data.end(), reinterpret_cast<char *>(&i),
                      reinterpret_cast<char *>(&i) + 4);
  return array;
}

TEST(Npy, RoundTrip) {
  for (NpyType type : {NpyType::Bool, NpyType::Int8, NpyType::UInt8,
                       NpyType::UInt16, NpyType::Int32, NpyType::Int64,
                       NpyType::F16, NpyType::F32, NpyType::F64})
    for (bool fortran : {false, true})
      for (llvm::SmallVector<int64_t> shape :
           {llvm::SmallVector<int64_t>{}, {3}, {2, 0, 5}, {2, 3, 4, 1, 2}}) {
        NpyArray array;
        array.type = type;
        array.fortranOrder = fortran;
        array.shape = shape;
        for (int64_t i = 0; i < array.getNumElements() * getNpyByteSize(type);
             ++i)
          array.data.push_back(static_cast<char>(i));
        std::string bytes = serializeNpy(array);
        // numpy.lib.format: the data are aligned to 64 bytes.
        EXPECT_EQ((bytes.size() - array.data.size()) % 64, 0u);
        llvm::Expected<NpyArray> again = parseNpy(bytes, "x.npy");
        ASSERT_TRUE(static_cast<bool>(again))
            << llvm::toString(again.takeError());
        EXPECT_EQ(again->type, type);
        EXPECT_EQ(again->fortranOrder, fortran);
        EXPECT_EQ(again->shape, shape);
        EXPECT_EQ(again->data, array.data);
      }
}

TEST(Npy, LongHeadersTakeVersion2) {
  NpyArray array;
  array.type = NpyType::Int8;
  array.shape.assign(60, 1);
  array.data = {7};
  EXPECT_EQ(serializeNpy(array)[6], 1);
  llvm::Expected<NpyArray> again = parseNpy(serializeNpy(array), "x.npy");
  ASSERT_TRUE(static_cast<bool>(again)) << llvm::toString(again.takeError());
  EXPECT_EQ(again->shape.size(), 60u);
  for (char major : {2, 3})
    EXPECT_EQ(
        errorOf(file("{'descr': '|i1', 'fortran_order': False, 'shape': ()}",
                     "a", major)),
        "");
}

TEST(Npy, KeysInAnyOrderAndQuotes) {
  EXPECT_EQ(
      errorOf(file("{\"shape\":(2,),'descr':'<u2','fortran_order':True}  \n",
                   "abcd")),
      "");
}

TEST(Npy, FortranOrder) {
  NpyArray array = sample();
  array.shape = {3, 2};
  array.fortranOrder = true;
  array.makeRowMajor();
  EXPECT_FALSE(array.fortranOrder);
  // Columns 0 1 2 and 3 4 5 become rows.
  const int32_t *values = reinterpret_cast<const int32_t *>(array.data.data());
  EXPECT_EQ(std::vector<int32_t>(values, values + 6),
            (std::vector<int32_t>{0, 3, 1, 4, 2, 5}));
}

TEST(Npy, RefusesWhatIsNotAnArray) {
  std::string good = file(
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", "12345678");
  ASSERT_EQ(errorOf(good), "");
  EXPECT_TRUE(refuses("", "does not start with"));
  EXPECT_TRUE(refuses("PK\x03\x04 a zip archive", "does not start with"));
  // Every beginning of a good file.
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_NE(errorOf(llvm::StringRef(good).take_front(length)), "") << length;
  EXPECT_TRUE(refuses(llvm::StringRef(good).drop_back(1),
                      "holds 7 bytes of data where float32 of "
                      "shape (2,) needs 8"));
  EXPECT_TRUE(refuses(good + "x", "holds 9 bytes"));
  EXPECT_TRUE(refuses(file("", "", 4), "version 4.0"));
  EXPECT_TRUE(refuses(file("", "", 0), "version 0.0"));
}

TEST(Npy, RefusesLyingHeaders) {
  auto header = [](llvm::StringRef descr, llvm::StringRef order,
                   llvm::StringRef shape) {
    return file(("{'descr': " + descr + ", 'fortran_order': " + order +
                 ", 'shape': " + shape + "}")
                    .str(),
                "");
  };
  EXPECT_TRUE(refuses(header("'>f4'", "False", "(0,)"), "big-endian"));
  EXPECT_TRUE(refuses(header("'<c8'", "False", "(0,)"),
                      "element type '<c8' is not supported"));
  EXPECT_TRUE(refuses(header("'|O'", "False", "(0,)"), "is not supported"));
  EXPECT_TRUE(refuses(header("[('a', '<f4')]", "False", "(0,)"), "structured"));
  EXPECT_TRUE(refuses(header("'<f4'", "0", "(0,)"),
                      "fortran_order must be True or False"));
  EXPECT_TRUE(refuses(header("'<f4'", "False", "[2]"), "must be a tuple"));
  EXPECT_TRUE(refuses(header("'<f4'", "False", "(0)"), "must be a tuple"));
  EXPECT_TRUE(refuses(header("'<f4'", "False", "(-1,)"), "non-negative"));
  EXPECT_TRUE(refuses(header("'<f4'", "False", "(2.5,)"), "')' is missing"));
  EXPECT_TRUE(refuses(header("'<f4'", "False", "(9223372036854775808,)"),
                      "below 2^63"));
  EXPECT_TRUE(refuses(header("'<f4'", "False", "(99999999999999999999999,)"),
                      "below 2^63"));
  EXPECT_TRUE(refuses(header("'<f4'", "False", "(4294967296, 4294967296)"),
                      "does not fit"));
  EXPECT_TRUE(refuses(header("'<f8'", "False", "(9223372036854775807,)"),
                      "does not fit"));
  EXPECT_TRUE(refuses(header("'<f8'", "False", "(9223372036854775807, 0, 2)"),
                      "does not fit"));
  EXPECT_TRUE(refuses(header("'<f4'", "False", "(100,)"), "needs 400"));
  EXPECT_TRUE(
      refuses(file("{'descr': '<f4', 'shape': (0,)}", ""), "is missing"));
  EXPECT_TRUE(refuses(file("{'descr': '<f4', 'descr': '<f4'}", ""), "twice"));
  EXPECT_TRUE(
      refuses(file("{'x\n\x01': '<f4'}", ""), "unknown key 'x\\n\\001'"));
  EXPECT_TRUE(refuses(file("{'descr'", ""), "a key and ':'"));
  EXPECT_TRUE(refuses(file("{'descr", ""), "a key and ':'"));
}

TEST(Npy, SurvivesDamagedFiles) {
  std::string good = serializeNpy(sample());
  std::mt19937 random(1);
  unsigned accepted = 0;
  for (unsigned round = 0; round < 20000; ++round) {
    std::string bytes = good;
    for (unsigned changes = random() % 3 + 1; changes != 0; --changes) {
      // Most damage where the header is.
      size_t position = random() % (random() % 8 ? 90 : bytes.size());
      switch (random() % 3) {
      case 0:
        bytes[position] = static_cast<char>(random());
        break;
      case 1:
        bytes.erase(position, random() % 4);
        break;
      case 2:
        bytes.insert(position, 1, "(,)'{}:0123456789-<>|"[random() % 21]);
        break;
      }
    }
    llvm::Expected<NpyArray> array = parseNpy(bytes, "x.npy");
    if (!array) {
      llvm::consumeError(array.takeError());
      continue;
    }
    ++accepted;
    EXPECT_EQ(array->data.size(),
              array->getNumElements() * size_t(getNpyByteSize(array->type)));
    array->makeRowMajor();
  }
  // Damage in the data or the padding goes unseen; most else does not.
  EXPECT_GT(accepted, 0u);
  EXPECT_LT(accepted, 15000u);
}

class NpyFileTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("softmax-npy", folder));
  }
  void TearDown() override { llvm::sys::fs::remove_directories(folder); }
  std::string path(llvm::StringRef name) {
    llvm::SmallString<128> result(folder);
    llvm::sys::path::append(result, name);
    return result.str().str();
  }
  llvm::SmallString<128> folder;
};

TEST_F(NpyFileTest, WritesAtomically) {
  ASSERT_EQ(llvm::toString(writeNpy(path("a.npy"), sample())), "");
  ASSERT_EQ(llvm::toString(writeNpy(path("a.npy"), sample())), "");
  llvm::Expected<NpyArray> array = readNpy(path("a.npy"));
  ASSERT_TRUE(static_cast<bool>(array)) << llvm::toString(array.takeError());
  EXPECT_EQ(array->data, sample().data);
  // Nothing else is left.
  std::error_code code;
  llvm::sys::fs::directory_iterator it(folder, code), end;
  EXPECT_EQ(llvm::sys::path::filename(it->path()), "a.npy");
  it.increment(code);
  EXPECT_TRUE(it == end);
}

TEST_F(NpyFileTest, SaysWhatCannotBeReadOrWritten) {
  std::string missing = path("missing/a.npy");
  llvm::Expected<NpyArray> array = readNpy(missing);
  ASSERT_FALSE(static_cast<bool>(array));
  EXPECT_EQ(llvm::toString(array.takeError()),
            missing + ": cannot be read: No such file or directory");
  array = readNpy(folder);
  ASSERT_FALSE(static_cast<bool>(array));
  EXPECT_EQ(llvm::toString(array.takeError()),
            folder.str().str() + ": is no regular file; name a .npy file");
  array = readNpy("/dev/zero");
  ASSERT_FALSE(static_cast<bool>(array));
  EXPECT_NE(llvm::toString(array.takeError()).find("name a .npy file"),
            std::string::npos);
  EXPECT_NE(llvm::toString(writeNpy(missing, sample()))
                .find(missing + ": cannot be written"),
            std::string::npos);
  EXPECT_NE(llvm::toString(writeNpy(folder, sample())).find("Is a directory"),
            std::string::npos);
  EXPECT_NE(
      llvm::toString(writeNpy("/dev/full", sample())).find("No space left"),
      std::string::npos);
}

} // namespace
