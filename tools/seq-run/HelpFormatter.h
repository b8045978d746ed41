//===- HelpFormatter.h - How --help looks -------------------------------------------*- C++ -*-===//
#ifndef SEQC_SEQ_RUN_HELPFORMATTER_H
#define SEQC_SEQ_RUN_HELPFORMATTER_H

#include <CLI/CLI.hpp>
#include <algorithm>

namespace seqc::run {

/// CLI11 prints types, checks, defaults and exclusions in front of what an option means. Here an option is its name,
/// one word or its choices; the default follows the meaning.
class HelpFormatter : public CLI::Formatter {
public:
  std::string make_option_opts(const CLI::Option *option) const override {
    std::string type = option->get_type_name();
    size_t colon = type.find(':');
    std::string check = colon == std::string::npos ? "" : type.substr(colon + 1);
    type = type.substr(0, colon);
    if (!check.empty() && check.front() == '{') {
      type = check.substr(1, check.size() - 2);
      std::replace(type.begin(), type.end(), ',', '|');
    } else if (type == "INT" || type == "UINT" || type == "FLOAT") {
      type = "N";
    }
    bool several = option->get_expected_max() == CLI::detail::expected_max_vector_size;
    return (type.empty() ? "" : " " + type) + (several ? " ..." : "");
  }

  std::string make_option_desc(const CLI::Option *option) const override {
    std::string text = option->get_description();
    if (option->get_required() && !option->get_positional())
      text += " (required)";
    if (!option->get_default_str().empty())
      text += (text.empty() ? "default " : "; default ") + option->get_default_str();
    return text;
  }

  std::string make_group(std::string group, bool positional, std::vector<const CLI::Option *> options) const override {
    std::string text = CLI::Formatter::make_group(group, positional, options);
    bool first = positional || group == "Options";
    return first ? text : text.substr(1); // CLI11 puts an empty line on both sides of a group
  }
};

} // namespace seqc::run

#endif // SEQC_SEQ_RUN_HELPFORMATTER_H
