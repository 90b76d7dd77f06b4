# What can be chosen, and the flags that follow from it.

option(PAM_ANOMALY_TESTS "Build the tests and benches" ON)
option(PAM_ANOMALY_DASHBOARD "Build anomaly-dashboard" ON)
option(PAM_ANOMALY_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
option(PAM_ANOMALY_SANITIZE "Address and undefined-behaviour sanitizers" OFF)
option(PAM_ANOMALY_WERROR "Warnings are errors" OFF)
option(PAM_ANOMALY_STATIC_LIBRARIES
       "Link SQLite and libmaxminddb statically into the login check: it starts faster" ON)

set(PAM_ANOMALY_MODULE_DIR "${CMAKE_INSTALL_LIBDIR}/security" CACHE STRING
    "Where PAM looks for modules")
set(PAM_ANOMALY_CONFIG_DIR "/etc/security" CACHE STRING "Where pam_anomaly.conf lives")

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_C_VISIBILITY_PRESET hidden)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

# -ffp-contract=off: features must come out the same, bit for bit, wherever they are computed.
add_compile_options(-Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wformat=2 -Wvla
                    -Wmissing-prototypes -Wpointer-arith -fno-strict-aliasing -ffp-contract=off -ffunction-sections -fdata-sections)
add_compile_definitions(_GNU_SOURCE)
include_directories(${PROJECT_SOURCE_DIR})
if(PAM_ANOMALY_WERROR)
  add_compile_options(-Werror)
endif()

if(PAM_ANOMALY_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-omit-frame-pointer
                      -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
  add_compile_definitions(PAM_ANOMALY_SANITIZED)
else()
  add_compile_options(-fstack-protector-strong -fstack-clash-protection)
  add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,defs
                   -Wl,--as-needed)
  if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
  endif()
endif()
if(PAM_ANOMALY_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
