// Cells of CSV (RFC 4180) that a spreadsheet takes for what they are. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace modax {

// A text: quoted where it must be; with a ' in front when a spreadsheet would take it for a formula
// (it starts with = + - @, tab or carriage return) and it is no number (PROMISES 3.4).
void append_csv_text(std::string& out, std::string_view text);
// Shortest; empty when not finite.
void append_csv_number(std::string& out, double value);

}  // namespace modax
