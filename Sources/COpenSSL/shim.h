// SHA-256 of the system's libcrypto. These functions need no table of algorithms: linked statically they are 25 KB.
#pragma once
#define OPENSSL_API_COMPAT 10101
#include <openssl/sha.h>
