# cmake -DOUTPUT=FILE -DFILES=A;B -P EmbedFiles.cmake
#
# The bytes of files, one after another, as numbers for an array in C++.
set(bytes "")
foreach(file IN LISTS FILES)
  file(READ "${file}" hex HEX)
  string(APPEND bytes "${hex}")
endforeach()
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE "${OUTPUT}" "${bytes}\n")
