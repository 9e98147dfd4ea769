# Which versions a program may ask for to be given this one: those of the same major version, from that on whose interface
# has this SQUARELY_ABI_VERSION. From 1.0 on the former says the latter.
include(CMakePackageConfigHelpers)
function(squarely_version_file file version since)
  write_basic_package_version_file(${file} VERSION ${version} COMPATIBILITY SameMajorVersion)
  file(READ ${file} same_major_version)
  # Before the rest, which may return early.
  file(WRITE ${file} "if(PACKAGE_FIND_VERSION AND PACKAGE_FIND_VERSION VERSION_LESS \"${since}\")
  set(PACKAGE_VERSION \"${version}\")
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
  return()
endif()
${same_major_version}")
endfunction()
