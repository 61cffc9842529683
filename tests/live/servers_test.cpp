// Servers as Debian ships them, under load: healthy programs, stripped and built by others, of
// which nothing must be said and to which nothing must happen.
//
// CGOSCOPE_SERVERS names the folder that .ci/fetch-servers fills; CGOSCOPE_SERVER_SECONDS how long
// each is watched (default 15).
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "tests/live/program.h"

namespace cgoscope {
namespace {

namespace fs = std::filesystem;

struct Server {
  std::string suite, name;
  // PORT, PEER and DIR are replaced.
  std::vector<std::string> arguments;
  std::string path;  // of the URL that is asked for
};

const std::vector<std::string> kCaddy = {"file-server", "--listen", "127.0.0.1:PORT", "--root",
                                         "DIR"};
const std::vector<std::string> kEtcd = {"--data-dir",
                                        "DIR/data",
                                        "--listen-client-urls",
                                        "http://127.0.0.1:PORT",
                                        "--advertise-client-urls",
                                        "http://127.0.0.1:PORT",
                                        "--listen-peer-urls",
                                        "http://127.0.0.1:PEER"};
const std::vector<std::string> kPrometheus = {"--config.file=DIR/config",
                                              "--storage.tsdb.path=DIR/data",
                                              "--web.listen-address=127.0.0.1:PORT"};

const Server kServers[] = {
    {"bookworm", "caddy", kCaddy, "/config"},
    {"trixie", "caddy", kCaddy, "/config"},
    {"sid", "caddy", kCaddy, "/config"},
    {"bookworm", "etcd", kEtcd, "/health"},
    {"trixie", "etcd", kEtcd, "/health"},
    {"sid", "etcd", kEtcd, "/health"},
    {"bookworm", "prometheus", kPrometheus, "/metrics"},
};

void PrintTo(const Server& server, std::ostream* out) {
  *out << server.name << " of " << server.suite;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

bool answers(int port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return connected;
}

class ServerTest : public testing::TestWithParam<Server> {};

TEST_P(ServerTest, NothingIsSaidAndNothingHappens) {
  const char* folder = std::getenv("CGOSCOPE_SERVERS");
  if (const std::string why = why_not_attachable(CGOSCOPE); !why.empty()) GTEST_SKIP() << why;
  if (folder == nullptr) GTEST_SKIP() << "CGOSCOPE_SERVERS is not set: run .ci/fetch-servers";
  const Server& server = GetParam();
  const fs::path binary = fs::path(folder) / server.suite / "usr/bin" / server.name;
  const fs::path wrk = fs::path(folder) / "bookworm/usr/bin/wrk";
  if (!fs::exists(binary) || !fs::exists(wrk))
    GTEST_SKIP() << binary << " or " << wrk << " could not be had";
  const char* given = std::getenv("CGOSCOPE_SERVER_SECONDS");
  const int seconds = given != nullptr ? std::atoi(given) : 15;
  ASSERT_GT(seconds, 0) << "CGOSCOPE_SERVER_SECONDS is not a number of seconds: " << given;

  const fs::path dir =
      fs::path(testing::TempDir()) /
      ("server-" + server.suite + "-" + server.name + "-" + std::to_string(getpid()));
  fs::remove_all(dir);
  fs::create_directories(dir);
  std::ofstream(dir / "config") << "global:\n  scrape_interval: 5s\n";
  const std::string port = std::to_string(free_port()), peer = std::to_string(free_port());
  std::vector<std::string> command = {binary.string()};
  for (const std::string& argument : server.arguments)
    command.push_back(
        replaced(replaced(replaced(argument, "PORT", port), "PEER", peer), "DIR", dir));
  setenv("HOME", dir.c_str(), 1);
  Program target(command, false);
  for (int i = 0; i < 100 && !answers(std::atoi(port.c_str())); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  ASSERT_TRUE(target.running()) << "the server did not start";
  ASSERT_TRUE(answers(std::atoi(port.c_str()))) << "the server does not answer";

  setenv("LD_LIBRARY_PATH", (fs::path(folder) / "bookworm/usr/lib/x86_64-linux-gnu").c_str(), 1);
  // wrk calls an answer after two seconds an error; a busy machine may need longer.
  Program load({wrk.string(), "-t1", "-c16", "--timeout", "30s",
                "-d" + std::to_string(seconds) + "s", "http://127.0.0.1:" + port + server.path});
  const Ended watched =
      Program({CGOSCOPE, "watch", "--format", "json", "-p", std::to_string(target.pid()),
               "--duration", std::to_string(seconds) + "s"})
          .wait(seconds * 1000 + 60'000);
  const Ended loaded = load.wait(60'000);
  EXPECT_EQ(watched.status, 0) << watched.out << watched.err;
  EXPECT_EQ(watched.out.find("\"type\":\"finding\""), std::string::npos) << watched.out;
  EXPECT_TRUE(target.running()) << "the server did not survive";
  EXPECT_EQ(loaded.status, 0) << loaded.err;
  EXPECT_EQ(loaded.out.find("Socket errors"), std::string::npos) << loaded.out;
  EXPECT_EQ(loaded.out.find("Non-2xx"), std::string::npos) << loaded.out;
  const size_t requests = loaded.out.find("Requests/sec:");
  if (requests != std::string::npos)
    RecordProperty("requests_per_s", loaded.out.substr(requests + 13, 16));
  target.send(SIGTERM);
  EXPECT_FALSE(target.wait(20'000).timed_out) << "the server did not end at SIGTERM";
  fs::remove_all(dir);
}

INSTANTIATE_TEST_SUITE_P(Live, ServerTest, testing::ValuesIn(kServers),
                         [](const testing::TestParamInfo<Server>& info) {
                           return info.param.name + "_of_" + info.param.suite;
                         });

}  // namespace
}  // namespace cgoscope
