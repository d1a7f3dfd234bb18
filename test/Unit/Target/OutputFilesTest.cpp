// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Target/OutputFiles.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"

#include "gtest/gtest.h"

#include <unistd.h>

using namespace mlir::softmax;
namespace fs = llvm::sys::fs;

namespace {

OutputFile makeFile(const std::string &path, llvm::StringRef text,
                    bool executable = false) {
  OutputFile file;
  file.path = path;
  file.contents.append(text.begin(), text.end());
  file.executable = executable;
  return file;
}

class OutputFilesTest : public testing::Test {
protected:
  void SetUp() override {
    ASSERT_FALSE(fs::createUniqueDirectory("output-test", folder));
  }
  void TearDown() override { fs::remove_directories(folder); }

  std::string at(llvm::StringRef name) { return (folder + "/" + name).str(); }

  static std::string read(const std::string &path) {
    llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer =
        llvm::MemoryBuffer::getFile(path);
    return buffer ? (*buffer)->getBuffer().str() : "<missing>";
  }

  /// Names in the folder, sorted.
  std::vector<std::string> list() {
    std::vector<std::string> names;
    std::error_code failure;
    for (fs::directory_iterator it(folder, failure), end; it != end && !failure;
         it.increment(failure))
      names.push_back(it->path().substr(folder.size() + 1));
    std::sort(names.begin(), names.end());
    return names;
  }

  llvm::SmallString<64> folder;
};

TEST_F(OutputFilesTest, WritesAll) {
  EXPECT_EQ(llvm::toString(writeOutputFiles(
                {makeFile(at("a"), "one"), makeFile(at("b"), "two", true)})),
            "");
  EXPECT_EQ(read(at("a")), "one");
  EXPECT_EQ(read(at("b")), "two");
  EXPECT_FALSE(fs::can_execute(at("a")));
  EXPECT_TRUE(fs::can_execute(at("b")));
  EXPECT_EQ(list(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(OutputFilesTest, ReplacesWholeFiles) {
  ASSERT_EQ(llvm::toString(writeOutputFiles({makeFile(at("a"), "long text")})),
            "");
  ASSERT_EQ(llvm::toString(writeOutputFiles({makeFile(at("a"), "new")})), "");
  EXPECT_EQ(read(at("a")), "new");
}

TEST_F(OutputFilesTest, NothingIsLeftOnFailure) {
  std::string message = llvm::toString(writeOutputFiles(
      {makeFile(at("a"), "one"), makeFile(at("missing/b"), "two")}));
  EXPECT_NE(message.find("cannot write '" + at("missing/b")), std::string::npos)
      << message;
  EXPECT_TRUE(list().empty());
}

TEST_F(OutputFilesTest, OldFileSurvivesFailure) {
  ASSERT_EQ(llvm::toString(writeOutputFiles({makeFile(at("a"), "old")})), "");
  EXPECT_NE(llvm::toString(writeOutputFiles(
                {makeFile(at("a"), "new"), makeFile(at("missing/b"), "two")})),
            "");
  EXPECT_EQ(read(at("a")), "old");
}

TEST_F(OutputFilesTest, DirectoriesAndDuplicatesAreRefused) {
  std::string message =
      llvm::toString(writeOutputFiles({makeFile(folder.str().str(), "x")}));
  EXPECT_NE(message.find("it is a directory"), std::string::npos) << message;
  message = llvm::toString(
      writeOutputFiles({makeFile(at("a"), "1"), makeFile(at("a"), "2")}));
  EXPECT_NE(message.find("same path"), std::string::npos) << message;
  EXPECT_TRUE(list().empty());
}

TEST_F(OutputFilesTest, NewFolderIsCreatedAndRemovedAgain) {
  ASSERT_EQ(
      llvm::toString(writeOutputFiles({makeFile(at("new/a"), "1")}, at("new"))),
      "");
  EXPECT_EQ(read(at("new/a")), "1");
  EXPECT_NE(llvm::toString(writeOutputFiles(
                {makeFile(at("other/a"), "1"), makeFile(at("missing/a"), "1")},
                at("other"))),
            "");
  EXPECT_EQ(list(), std::vector<std::string>{"new"});
}

TEST_F(OutputFilesTest, FullDeviceIsAnError) {
  if (!fs::exists("/dev/full"))
    GTEST_SKIP() << "no /dev/full here";
  std::string message = llvm::toString(writeOutputFiles(
      {makeFile(at("a"), "1"), makeFile("/dev/full", "text")}));
  EXPECT_NE(message.find("cannot write '/dev/full'"), std::string::npos)
      << message;
  EXPECT_TRUE(list().empty());
  EXPECT_TRUE(fs::exists("/dev/full"));
}

TEST_F(OutputFilesTest, DevicesAreNotReplaced) {
  EXPECT_EQ(llvm::toString(writeOutputFiles({makeFile("/dev/null", "text")})),
            "");
  fs::file_status status;
  ASSERT_FALSE(fs::status("/dev/null", status));
  EXPECT_EQ(status.type(), fs::file_type::character_file);
}

} // namespace
