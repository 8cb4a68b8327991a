#include "harness/wire/address.h"

#include <gtest/gtest.h>

#include <string>

namespace synfin::wire {
namespace {

TEST(AddressText, ReadsAndWritesBothFamilies) {
  const auto v4 = parse_address("192.0.2.1");
  ASSERT_TRUE(v4);
  EXPECT_EQ(*v4, Address::ipv4(192, 0, 2, 1));
  EXPECT_EQ(to_string(*v4), "192.0.2.1");

  const auto v6 = parse_address("2001:0db8:0:0::0001");
  ASSERT_TRUE(v6);
  EXPECT_TRUE(v6->v6);
  EXPECT_EQ(v6->octets[0], 0x20);
  EXPECT_EQ(v6->octets[15], 1);
  EXPECT_EQ(to_string(*v6), "2001:db8::1");
}

TEST(AddressText, RefusesWhatIsNone) {
  using std::string_literals::operator""s;
  for (const std::string& text :
       {""s, "1.2.3"s, "1.2.3.256"s, "1.2.3.4 "s, "::1::"s, "host"s, "1.2.3.4\0x"s, "::1\0"s}) {
    const auto address = parse_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_NE(address.error().message.find("is no IP address"), std::string::npos);
  }
}

TEST(AddressText, EndpointsOfIpv6HaveBrackets) {
  EXPECT_EQ(to_string(Endpoint{Address::ipv4(192, 0, 2, 1), 80}), "192.0.2.1:80");
  EXPECT_EQ(to_string(Endpoint{parse_address("2001:db8::1").value(), 80}), "[2001:db8::1]:80");
}

TEST(AddressText, TheFamilyIsPartOfTheIdentity) {
  EXPECT_NE(Address{}, (Address{.v6 = true, .octets = {}}));
}

}  // namespace
}  // namespace synfin::wire
