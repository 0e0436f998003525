# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Forms.td lists the forms; every listed folder contributes its sources.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             ${CMAKE_CURRENT_LIST_DIR}/Forms.td)
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/Forms.td includes REGEX "^include")
foreach(line IN LISTS includes)
  string(REGEX REPLACE ".*forms/([a-z_0-9]+)/.*" "\\1" form "${line}")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/${form}/*.cpp)
  list(APPEND ATTN_FORM_SOURCES ${sources})
endforeach()
