# Finds the packaged LLVM/MLIR 22 and what speeds a build up when it is there.
find_package(MLIR 22.1 REQUIRED CONFIG HINTS /usr/lib/llvm-22/lib/cmake/mlir)
message(STATUS "MLIR ${LLVM_PACKAGE_VERSION} from ${MLIR_DIR}")

list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)
include(AddLLVM)
include(AddMLIR)

include_directories(SYSTEM ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
separate_arguments(SOFTMAX_LLVM_DEFINITIONS NATIVE_COMMAND "${LLVM_DEFINITIONS}")
add_definitions(${SOFTMAX_LLVM_DEFINITIONS})

# The static archives beside libMLIR.so hold a second copy of every TypeID: a
# tool that links both registers dialects twice.  Only the shared libraries are
# ever linked.
find_library(SOFTMAX_LIBMLIR NAMES MLIR PATHS "${LLVM_LIBRARY_DIR}" NO_DEFAULT_PATH REQUIRED)
find_library(SOFTMAX_LIBLLVM NAMES LLVM LLVM-22 PATHS "${LLVM_LIBRARY_DIR}" NO_DEFAULT_PATH REQUIRED)

find_program(SOFTMAX_CCACHE ccache)
if(SOFTMAX_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Precompiled headers are only cacheable with these sloppiness flags.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${softmax-mlir_SOURCE_DIR} CCACHE_NOHASHDIR=1 "${SOFTMAX_CCACHE}")
endif()

find_program(SOFTMAX_LLD ld.lld-22 HINTS "${LLVM_TOOLS_BINARY_DIR}")
if(SOFTMAX_LLD)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    add_link_options("--ld-path=${SOFTMAX_LLD}")
  endif()
endif()

add_compile_options(-Wall -Wextra -Wno-unused-parameter
  $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions>
  $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CXX_COMPILER_ID:GNU>>:-Wno-comment>)
add_link_options(-Wl,-z,defs)
