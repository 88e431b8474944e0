"""The documents of a running gateway: Spectral finds nothing above a hint, and requests made from
the OpenAPI document get no answer that is not in it."""
import json
import pathlib
import random
import shutil
import subprocess
import tempfile
import unittest

import requests
from modax_test.gateway import Gateway
from modax_test.npm import install_packages
from modax_test.paho_client import PahoClient
from modax_test.tools import require_tool
from modax_test.waiting import wait_for

try:
    import jsonschema
except ImportError as missing:
    raise unittest.SkipTest("python3-jsonschema is not installed") from missing
from request_maker import RequestMaker

HERE = pathlib.Path(__file__).resolve().parent
SEED = 20251209
ROUNDS = 25
# Roles and scopes have rules a schema can't tell; what else is made from the document must be taken.
BEYOND_SCHEMAS = {"post_keys", "put_users_by_id", "put_roles_by_id", "post_keys_by_id_rotate"}


class _Served(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.mkdtemp(prefix="modax-openapi-")
        cls.addClassCleanup(shutil.rmtree, directory, ignore_errors=True)
        cls.gateway = Gateway(pathlib.Path(directory))
        cls.addClassCleanup(cls.gateway.kill)
        cls.gateway.start()


class Lint(_Served):
    def lint(self, name):
        node = require_tool("node")
        modules = install_packages(HERE)
        document = pathlib.Path(tempfile.mkdtemp(prefix="modax-lint-"), name)
        self.addCleanup(shutil.rmtree, document.parent, ignore_errors=True)
        document.write_text(json.dumps(self.gateway.get(f"/api/v1/{name}", key="").json()))
        done = subprocess.run(
            [node, modules / "node_modules/@stoplight/spectral-cli/dist/index.js", "lint", document,
             "--ruleset", HERE / "spectral.yaml", "--fail-severity", "info", "--format", "text"],
            cwd=modules, timeout=240, capture_output=True, text=True, check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout[-6000:] + done.stderr[-2000:])

    def test_openapi(self):
        self.lint("openapi.json")

    def test_asyncapi(self):
        self.lint("asyncapi.json")


class Properties(_Served):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = cls.gateway.get("/api/v1/openapi.json", key="").json()
        cls.base = cls.gateway.endpoints["http"].rstrip("/")
        cls.session = requests.Session()
        cls.session.headers["X-API-Key"] = cls.gateway.admin_key
        cls.fill()
        cls.maker = RequestMaker(cls.document, random.Random(SEED), cls.ids)

    @classmethod
    def call(cls, method, path, **options):
        return cls.session.request(method, cls.base + path, timeout=30, **options)

    @classmethod
    def fill(cls):
        """Something of each kind, so that requests also meet what exists."""
        client = PahoClient(cls.gateway.mqtt_port, "machine")
        client.connect()
        for device in ("cnc-01", "press-01"):
            for sequence in range(50):
                client.publish(f"modax/sensor/data/{device}", json.dumps(
                    {"seq": sequence, "temperature": 40 + sequence, "program": "a"}).encode(), 1)
            client.publish(f"modax/sensor/safety/{device}", json.dumps(
                {"emergency_stop": False, "door_closed": True, "overload_detected": False,
                 "temperature_ok": True}).encode(), 1)
        client.publish("modax/sensor/data/cnc-01", b"rubbish", 1)
        wait_for(
            lambda: cls.gateway.json("/api/v1/accounting")["stored"] >= 102, "readings stored", 20, 0.05
        )
        client.close()
        key = cls.call("POST", "/api/v1/keys", json={"name": "x", "scopes": ["readings:read"]})
        key.raise_for_status()
        cls.call("PUT", "/api/v1/roles/machine", json={"publish": ["modax/sensor/#"]}).raise_for_status()
        cls.call("POST", "/api/v1/production/orders", json={"order_id": "4711"}).raise_for_status()
        cls.ids = {
            "device": ["cnc-01", "press-01", "CNC-01"], "order": ["4711", "4712"], "lot": ["lot-1"],
            "key": [key.json()["id"]], "role": ["machine"], "user": ["somebody"],
        }

    def operations(self):
        for pattern, item in self.document["paths"].items():
            for method, operation in item.items():
                yield method.upper(), pattern, operation

    def check(self, operation, answer):
        """What was answered is in the document."""
        where = f"{answer.request.method} {answer.url} {answer.request.body}: {answer.status_code} {answer.text[:300]}"
        status = str(answer.status_code)
        self.assertTrue(answer.status_code < 500 or operation["operationId"] == "get_ready", where)
        self.assertIn(status, operation["responses"], where)
        documented = self.maker.resolve(operation["responses"][status]).get("content", {})
        if not documented:
            return
        kind = answer.headers["Content-Type"].split(";")[0]
        self.assertIn(kind, documented, where)
        schema = documented[kind].get("schema")
        if schema is None:
            return
        validator = jsonschema.Draft202012Validator(
            {**schema, "components": self.document["components"]},
            format_checker=jsonschema.FormatChecker(),
        )
        for error in validator.iter_errors(answer.json()):
            self.fail(f"{where}\n{error.json_path}: {error.message}")

    def make(self, pattern, operation, known):
        path = self.maker.path(pattern, operation, known)
        options = {"params": self.maker.query(operation)}
        if "requestBody" in operation:
            body = self.maker.value(operation["requestBody"]["content"]["application/json"]["schema"])
            if "AUFNR" in body and "complete" in path:
                body["AUFNR"] = path.split("/")[-2]
            options["json"] = body
        return path, options

    def test_what_the_document_allows_is_understood(self):
        for method, pattern, operation in self.operations():
            with self.subTest(operation=operation["operationId"]):
                for round_number in range(ROUNDS):
                    known = round_number % 4 != 3
                    path, options = self.make(pattern, operation, known)
                    options["params"].pop("cursor", None)  # only the gateway makes them
                    answer = self.call(method, path, **options)
                    self.check(operation, answer)
                    if operation["operationId"] in BEYOND_SCHEMAS:
                        continue
                    if known or "requestBody" not in operation:
                        self.assertNotIn(answer.status_code, (400, 422), f"{path} {options}: {answer.text}")

    def test_what_it_does_not_allow_is_refused(self):
        for method, pattern, operation in self.operations():
            body = operation.get("requestBody")
            if body is None:
                continue
            schema = body["content"]["application/json"]["schema"]
            with self.subTest(operation=operation["operationId"]):
                for _ in range(ROUNDS):
                    path, options = self.make(pattern, operation, True)
                    options["json"] = self.maker.spoiled(schema, options["json"])
                    answer = self.call(method, path, **options)
                    self.check(operation, answer)
                    self.assertGreaterEqual(answer.status_code, 400, f"{path} {options}: {answer.text}")

    def test_rubbish_gets_a_documented_refusal(self):
        source = self.maker.random
        rubbish = ["", "%00", "\u2603" * 9, "-1", "1e999", "'; --", "../..", "a" * 3000]
        for method, pattern, operation in self.operations():
            with self.subTest(operation=operation["operationId"]):
                for _ in range(ROUNDS):
                    path, options = self.make(pattern, operation, True)
                    if "{" in pattern and source.random() < 0.5:
                        odd = requests.utils.quote(source.choice(rubbish[1:]), safe="")
                        path = pattern.replace("{id}", odd)
                    options["params"] = {name: source.choice(rubbish) for name in options["params"]}
                    if "json" in options:
                        options.pop("json")
                        options["data"] = source.choice([b"", b"{", b"[]", b"\xff", b'{"a":' * 200, b"null"])
                    self.check(operation, self.call(method, path, **options))


if __name__ == "__main__":
    unittest.main()
