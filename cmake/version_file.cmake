# Which versions a program may ask for to be given this one: those of the same major version, since the interface had its
# SQUARELY_ABI_VERSION. From 1.0 on the first says the second.
include(CMakePackageConfigHelpers)
function(squarely_version_file file version since)
  write_basic_package_version_file(${file} VERSION ${version} COMPATIBILITY SameMajorVersion)
  file(APPEND ${file} "
if(PACKAGE_FIND_VERSION VERSION_LESS \"${since}\")
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
endif()
")
endfunction()
