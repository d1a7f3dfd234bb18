# softmax_add_library(NAME sources... [DEPENDS targets...] [LINK_LIBS libs...])
#
# A static library of the project.  All of them see the same precompiled header
# of upstream MLIR, which takes most of the time of compiling an MLIR file.
add_library(softmax_pch_holder STATIC "${softmax-mlir_SOURCE_DIR}/cmake/Pch.cpp")
target_link_libraries(softmax_pch_holder PUBLIC "${SOFTMAX_LIBMLIR}" "${SOFTMAX_LIBLLVM}")
if(SOFTMAX_ENABLE_PCH)
  target_precompile_headers(softmax_pch_holder PRIVATE
    "$<$<COMPILE_LANGUAGE:CXX>:${softmax-mlir_SOURCE_DIR}/cmake/Pch.h>")
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    add_compile_options("$<$<COMPILE_LANGUAGE:CXX>:SHELL:-Xclang -fno-pch-timestamp>")
  endif()
endif()

function(softmax_use_pch target)
  if(SOFTMAX_ENABLE_PCH)
    target_precompile_headers(${target} REUSE_FROM softmax_pch_holder)
  endif()
endfunction()

# All TableGen outputs hang on this target, so that a library never races them.
add_custom_target(softmax-headers)

function(softmax_add_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  add_dependencies(${name} softmax-headers ${ARG_DEPENDS})
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS} "${SOFTMAX_LIBMLIR}" "${SOFTMAX_LIBLLVM}")
  # For those who add the project as a subdirectory.
  target_include_directories(${name} INTERFACE "${softmax-mlir_SOURCE_DIR}/include" "${softmax-mlir_BINARY_DIR}/include")
  target_include_directories(${name} SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  softmax_use_pch(${name})
  set_property(GLOBAL APPEND PROPERTY SOFTMAX_LIBS ${name})
endfunction()

# softmax_add_tool(NAME sources... [LINK_LIBS libs...])
function(softmax_add_tool name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  add_dependencies(${name} softmax-headers ${ARG_DEPENDS})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} "${SOFTMAX_LIBMLIR}" "${SOFTMAX_LIBLLVM}")
  # The shared precompiled header is built with -fPIC, not -fPIE.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
  softmax_use_pch(${name})
  install(TARGETS ${name} RUNTIME DESTINATION bin)
endfunction()

# softmax_tablegen(TD out1 gen-flags1 [out2 gen-flags2 ...]): generates into the
# build tree beside the header of the same folder.
function(softmax_tablegen td)
  set(LLVM_TARGET_DEFINITIONS ${td})
  set(args ${ARGN})
  while(args)
    list(POP_FRONT args out flags)
    separate_arguments(flags UNIX_COMMAND "${flags}")
    mlir_tablegen(${out} ${flags} EXTRA_INCLUDES "${softmax-mlir_SOURCE_DIR}/include")
  endwhile()
  string(MAKE_C_IDENTIFIER "tblgen_${CMAKE_CURRENT_SOURCE_DIR}_${td}" target)
  add_public_tablegen_target(${target})
  add_dependencies(softmax-headers ${target})
endfunction()
