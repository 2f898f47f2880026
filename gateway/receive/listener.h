#pragma once
#include "gateway/settings.h"
namespace postern::receive {
using Listener = gateway::ListenerSettings;
using gateway::Direction;
using gateway::ListenerTls;
} // namespace postern::receive
