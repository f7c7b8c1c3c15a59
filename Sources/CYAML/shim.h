// libyaml, the parser and emitter that PyYAML uses.
#pragma once
#include <yaml.h>
