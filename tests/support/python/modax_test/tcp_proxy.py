"""A TCP proxy on the loopback that misbehaves on demand, between a client and a server."""
import socket
import struct
import threading
import time


class TcpProxy:
    """Forwards `port` to `target`. Faults can be set while connections are open.

    latency: seconds each piece is held back; rate: bytes per second in each direction;
    cut_after: bytes towards the server after which the connection is cut; black_hole: takes bytes
    and passes none on; refuse: closes new connections at once.
    """

    def __init__(self, target_port, target_host="127.0.0.1"):
        self.target = (target_host, target_port)
        self.latency = 0.0
        self.rate = None
        self.cut_after = None
        self.black_hole = False
        self.refuse = False
        self._pairs = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.refuse:
                _reset(client)
                continue
            try:
                server = socket.create_connection(self.target, timeout=5)
            except OSError:
                _reset(client)
                continue
            server.settimeout(None)
            with self._lock:
                self._pairs.append((client, server))
            for source, sink, upstream in ((client, server, True), (server, client, False)):
                pump = threading.Thread(target=self._pump, args=(source, sink, upstream), daemon=True)
                self._threads.append(pump)
                pump.start()

    def _pump(self, source, sink, upstream):
        passed = 0
        try:
            while piece := source.recv(65536):
                if self.latency:
                    time.sleep(self.latency)
                if self.black_hole:
                    continue
                if upstream and self.cut_after is not None:
                    piece = piece[: max(0, self.cut_after - passed)]
                sink.sendall(piece)
                passed += len(piece)
                if upstream and self.cut_after is not None and passed >= self.cut_after:
                    _reset(source)
                    _reset(sink)
                    return
                if self.rate:
                    time.sleep(len(piece) / self.rate)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            _close(source)
            _close(sink)

    @property
    def connections(self):
        with self._lock:
            return len([1 for client, _ in self._pairs if client.fileno() >= 0])

    def reset_connections(self):
        """RST to both sides of all open connections."""
        self._each(_reset)

    def half_close(self):
        """No more bytes towards the server; its answers still pass."""
        with self._lock:
            for _, server in self._pairs:
                try:
                    server.shutdown(socket.SHUT_WR)
                except OSError:
                    pass

    def _each(self, action):
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for each in pair:
                action(each)

    def close(self):
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._listener.close()
        self._each(_close)
        for thread in self._threads:
            thread.join(timeout=5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def _close(each):
    try:
        each.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    each.close()


def _reset(each):
    """Closes with RST instead of FIN."""
    try:
        each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Wakes a thread that is blocked in recv() on this socket.
        each.shutdown(socket.SHUT_RD)
    except OSError:
        pass
    each.close()
