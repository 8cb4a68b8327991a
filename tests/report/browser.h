// A page in a headless browser.
#pragma once

#include <gtest/gtest.h>

#include <string>

namespace synfin::report {

// Plays `script` of tests/report/html, in which the browser opens `page`; skips the test where
// node, a browser or its driver is missing.
void expect_works_in_a_browser(const std::string& script, const std::string& page);

}  // namespace synfin::report
