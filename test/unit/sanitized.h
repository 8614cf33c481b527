/*
 * sanitized.h - SANITIZED: 1 in a build with AddressSanitizer, whatever the compiler calls it. For unit tests that need what it takes away.
 */
#ifndef CSAPI_TEST_SANITIZED_H
#define CSAPI_TEST_SANITIZED_H

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#endif
