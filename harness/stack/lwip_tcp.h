// The TCP of one case on lwIP: its raw API behind the interface of the socket layer.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/profile.h"
#include "harness/stack/tcp_host.h"

namespace synfin::stack {

// Whether a build of lwIP's raw API heeds a socket option (TcpHost::has_option).
bool lwip_has_option(int level, int option);

// The case has its local port for itself: what is left of it there goes with this.
class LwipTcp final : public TcpHost {
 public:
  explicit LwipTcp(uint16_t local_port);
  ~LwipTcp() override;

  bool has_option(int level, int option) const override { return lwip_has_option(level, option); }
  bool has_urgent() const override { return false; }
  std::shared_ptr<TcpListener> listen(const wire::Endpoint& local, const Profile& profile,
                                      int backlog) override;
  std::shared_ptr<TcpConnection> make(const wire::FourTuple& tuple,
                                      const Profile& profile) override;
  void open(Time now, TcpConnection& connection) override;
  // lwIP sends by itself.
  bool transmit(Time) override { return false; }

  // To be called after lwIP was given a packet or a tick: connections note where they are now.
  void refresh();
  State state(const wire::FourTuple& tuple) const;

 private:
  class Connection;
  class Listening;

  uint16_t local_port_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::vector<std::shared_ptr<Listening>> listeners_;
};

}  // namespace synfin::stack
