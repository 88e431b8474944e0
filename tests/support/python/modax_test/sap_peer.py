"""A strict SAP confirmation service: tokens bound to sessions, fields checked, one row for each posting.
It misbehaves on demand: `lose` of its replies after the commit, refuses an order, is away."""
import base64
import http.server
import json
import random
import re
import secrets
import threading

USER, PASSWORD = "MODAX", "planted-canary-password"
BASIC = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
FIELDS = {
    "OrderID": 12, "OrderOperation": 4, "Sequence": 6, "ConfirmationYieldQuantity": 14,
    "ConfirmationScrapQuantity": 14, "ConfirmationReworkQuantity": 14, "ConfirmationUnit": 3,
    "PostingDate": None, "FinalConfirmationType": 1, "IsFinalConfirmation": None,
    "ExternalSystemConfirmation": 36, "EnteredByExternalUser": 12,
}


class SapPeer:
    """Serves on a free loopback port; `postings` is what it has booked, in order."""

    def __init__(self, seed=1):
        self.postings = []
        self.requests = 0
        self.lookups = 0
        self.lose = 0.0  # the share of replies lost after the commit
        self.refuse = set()  # order ids answered with 400
        self.away = False  # 503 to everything
        self.sessions = {}
        self.tokens = set()  # access tokens that are accepted
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        peer = self

        class Handler(_Handler):
            sap = peer

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def orders(self):
        with self.lock:
            return [posting["OrderID"] for posting in self.postings]


def complaint(entry):
    """What SAP would say about a confirmation, or None."""
    for name, value in entry.items():
        if name not in FIELDS:
            return f"Property {name} is invalid"
        if FIELDS[name] and (not isinstance(value, str) or len(value) > FIELDS[name]):
            return f"Property {name} has an invalid value"
    if not re.fullmatch(r"/Date\(\d+\)/", entry.get("PostingDate", "")):
        return "PostingDate is no Edm.DateTime"
    if int(entry["PostingDate"][6:-2]) % 86_400_000:
        return "PostingDate is no date"
    for name in ("ConfirmationYieldQuantity", "ConfirmationScrapQuantity"):
        if not re.fullmatch(r"\d+(\.\d{1,3})?", entry.get(name, "")):
            return f"{name} is no Edm.Decimal(13,3)"
    if not re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", entry["ExternalSystemConfirmation"]):
        return "ExternalSystemConfirmation is no Edm.Guid"
    return None


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sap = None

    def log_message(self, *_):
        pass

    def answer(self, status, body=None, **headers):
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def error(self, status, text, **headers):
        self.answer(status, {"error": {"code": "RU/032", "message": {"lang": "en", "value": text}}}, **headers)

    def let_in(self):
        sent = self.headers.get("Authorization", "")
        if self.sap.away:
            self.error(503, "away")
        elif sent != BASIC and sent.removeprefix("Bearer ") not in self.sap.tokens:
            self.error(401, "logon failed")
        else:
            return True
        return False

    def do_GET(self):
        if not self.let_in():
            return
        found = re.search(r"ExternalSystemConfirmation%20eq%20guid'([0-9a-f-]{36})'", self.path)
        if found:
            with self.sap.lock:
                self.sap.lookups += 1
                rows = [row for row in self.sap.postings if row["ExternalSystemConfirmation"] == found[1]]
            self.answer(200, {"d": {"results": rows}})
        elif self.path.endswith("_SRV/") and self.headers.get("x-csrf-token") == "Fetch":
            session, token = secrets.token_hex(8), secrets.token_hex(16)
            self.sap.sessions[session] = token
            self.answer(200, {"d": {}}, x_csrf_token=token, Set_Cookie=f"SAP_SESSIONID_X={session}; path=/")
        else:
            self.error(404, "no such resource")

    def give_token(self, body):
        """OAuth 2.0 client credentials."""
        known = self.headers.get("Authorization") == BASIC
        if not known or body != b"grant_type=client_credentials&scope=confirmations":
            self.answer(401, {"error": "invalid_client"})
            return
        token = secrets.token_hex(16)
        self.sap.tokens.add(token)
        self.answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": 3600})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/token":
            self.give_token(body)
            return
        with self.sap.lock:
            self.sap.requests += 1
        if not self.let_in():
            return
        session = re.search(r"SAP_SESSIONID_X=(\w+)", self.headers.get("Cookie", ""))
        token = self.sap.sessions.get(session[1]) if session else None
        if not token or self.headers.get("x-csrf-token") != token:
            self.answer(403, b"CSRF-Tokenpruefung fehlgeschlagen", x_csrf_token="Required")
            return
        entry = json.loads(body)
        wrong = "order is locked for ever" if entry.get("OrderID") in self.sap.refuse else complaint(entry)
        if wrong:
            self.error(400, wrong)
            return
        with self.sap.lock:
            self.sap.postings.append(entry)
            lost = self.sap.random.random() < self.sap.lose
        if lost:
            self.close_connection = True
            return
        self.answer(201, {"d": {"ConfirmationGroup": "1", "ConfirmationCount": str(len(self.sap.postings))}})
