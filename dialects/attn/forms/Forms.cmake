# Part of attune, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Forms.def lists the forms; every listed folder contributes its sources.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             ${CMAKE_CURRENT_LIST_DIR}/Forms.def)
file(STRINGS ${CMAKE_CURRENT_LIST_DIR}/Forms.def lines REGEX "^ATTN_FORM")
foreach(line IN LISTS lines)
  string(REGEX REPLACE "ATTN_FORM.([a-z_0-9]+)." "\\1" form "${line}")
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/${form}/*.cpp)
  list(APPEND ATTN_FORM_SOURCES ${sources})
endforeach()
