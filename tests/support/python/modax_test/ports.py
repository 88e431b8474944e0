"""Free ports of the loopback, for servers that can't take port 0 themselves."""
import socket


def free_ports(count=1):
    """Distinct ports that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def free_port():
    return free_ports(1)[0]
