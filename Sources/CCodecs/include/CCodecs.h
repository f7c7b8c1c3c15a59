// libjpeg-turbo and libpng behind error codes: their setjmp error handling ends in this module.
#pragma once
