"""Shows that the checks of this folder can fail: each is run on planted trees, good and bad."""

import pathlib
import tempfile
import unittest

import junit_summary
import module_direction
import repository_rules


class Planted(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = pathlib.Path(directory.name)

    def plant(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path


class ModuleDirection(Planted):
    def assert_refused(self, name, line, word):
        self.plant(name, f"#pragma once\n{line}\n")
        found = module_direction.violations(self.root)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(f"{name}:2: "), found)
        self.assertIn(word, found[0])

    def test_allowed_includes_pass(self):
        self.plant("core/clock.hpp", "#include <chrono>\n#include <tl/expected.hpp>\n")
        self.plant("ingest/decoder.cpp", '#include "core/clock.hpp"\n#include <simdjson.h>\n')
        self.plant("landing/store.cpp", '#include "live/hub.hpp"\n#include <sqlite3.h>\n')
        self.plant("http/server.cpp", "#include <boost/beast/core.hpp>\n#include <sys/socket.h>\n")
        self.plant("app/gateway.cpp", '#include "landing/store.hpp"\n#include "http/server.hpp"\n')
        self.assertEqual(module_direction.violations(self.root), [])

    def test_core_knows_nobody(self):
        self.assert_refused("core/clock.hpp", '#include "ingest/decoder.hpp"', "core may not")

    def test_inner_modules_do_not_know_each_other(self):
        self.assert_refused("live/hub.cpp", '#include "ingest/decoder.hpp"', "live may not")

    def test_inner_modules_do_not_know_adapters(self):
        self.assert_refused("ingest/intake.cpp", '#include "mqtt/codec.hpp"', "ingest may not")

    def test_adapters_do_not_know_each_other(self):
        self.assert_refused("http/server.cpp", '#include "landing/store.hpp"', "http may not")

    def test_adapters_do_not_know_app(self):
        self.assert_refused("mqtt/listener.cpp", '#include "app/gateway.hpp"', "mqtt may not")

    def test_library_outside_its_owner(self):
        self.assert_refused("http/history.cpp", "#include <sqlite3.h>", "landing")

    def test_single_header_library_without_suffix_rule(self):
        self.assert_refused("mqtt/packet.cpp", "#include <simdjson.h>", "ingest")

    def test_nlohmann_stays_out_of_ingest(self):
        self.assert_refused("ingest/decoder.cpp", "#include <nlohmann/json.hpp>", "not to ingest")

    def test_asio_is_owned_apart_from_beast(self):
        self.assert_refused("app/gateway.cpp", "#include <boost/beast/http.hpp>", "not to app")

    def test_library_without_owner(self):
        self.assert_refused("http/export.cpp", "#include <zmq.h>", "name its owner")

    def test_header_without_module(self):
        self.assert_refused("http/server.cpp", '#include "router.hpp"', "http/router.hpp")

    def test_folder_without_row(self):
        self.plant("misc/things.hpp", "#pragma once\n")
        self.assertEqual(len(module_direction.violations(self.root)), 1)


class RepositoryRules(Planted):
    def findings(self, *paths):
        return repository_rules.findings(self.root, list(paths))

    def test_ordinary_files_pass(self):
        text = "see https://example.com/home/page, src/core/time.hpp and ~/work/notes\n"
        self.assertEqual(self.findings(self.plant("README.md", text)), [])

    def test_machine_paths_are_found(self):
        for directory in ("work", "home", "root", "Users"):
            path = self.plant("notes.md", f"first line\nbuilt in '/{directory}/someone/modax'\n")
            found = self.findings(path)
            self.assertEqual(len(found), 1, directory)
            self.assertIn("notes.md:2:", found[0])

    def test_the_path_of_this_checkout_is_found(self):
        path = self.plant("notes.md", f"{self.root.resolve()}/src/x.cpp\n")
        self.assertEqual(len(self.findings(path)), 1)

    def test_large_files_are_found(self):
        path = self.plant("data.csv", "x" * (repository_rules.MAX_BYTES + 1))
        self.assertIn("bytes", self.findings(path)[0])

    def test_long_sources_are_found_and_long_data_is_not(self):
        lines = "x\n" * (repository_rules.MAX_SOURCE_LINES + 1)
        self.assertEqual(len(self.findings(self.plant("src/long.cpp", lines))), 1)
        self.assertEqual(self.findings(self.plant("data.csv", lines)), [])


class JUnitSummary(Planted):
    XML = """<testsuite name="t" tests="4">
    <testcase name="a.passes" status="run"><system-out>ok       0.10 s  m.C.test_one
skip     0.00 s  m.C.test_two: the broker takes all
2 cases, 0 failed, 1 skipped</system-out></testcase>
    <testcase name="a.fails" status="fail"><failure message=""/><system-out/></testcase>
    <testcase name="a.skips" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/>
      <system-out>starting\nSKIP: no wrk on this machine\n</system-out></testcase>
    <testcase name="a.vanished" status="notrun"><skipped message="Unable to find executable"/>
      </testcase>
    </testsuite>"""

    def test_counts_and_reasons(self):
        summary = junit_summary.read(self.plant("junit.xml", self.XML))
        self.assertEqual(summary.passed, ["a.passes"])
        self.assertEqual(summary.failed, ["a.fails", "a.vanished"])
        self.assertEqual(summary.skipped, {"a.skips": "no wrk on this machine"})
        self.assertEqual(
            summary.skipped_cases, {"a.passes: m.C.test_two": "the broker takes all"}
        )
        self.assertEqual(summary.line(), "1 passed, 2 failed, 1 skipped")

    def test_reasons_of_a_python_suite_once_each(self):
        output = (
            "skip     0.00 s  m.C.test_a: no wrk\nskip     0.00 s  m.C.test_b: no wrk\n"
            "2 cases, 0 failed, 2 skipped\n"
        )
        self.assertEqual(junit_summary.skip_reason(output, "SKIP_RETURN_CODE=77"), "no wrk")

    def test_googletest_reason(self):
        output = "[ RUN      ] A.B\nx_test.cpp:12: Skipped\nno IPv6 here\n\n[  SKIPPED ] A.B (0 ms)\n"
        self.assertEqual(junit_summary.skip_reason(output, "pattern"), "no IPv6 here")

    def test_reason_of_a_silent_skip(self):
        self.assertEqual(junit_summary.skip_reason("", "SKIP_RETURN_CODE=77"), "SKIP_RETURN_CODE=77")


if __name__ == "__main__":
    unittest.main()
