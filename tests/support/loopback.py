"""HTTP on the loopback interface, for the servers that tests ask."""

import ssl
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Say nothing of a client that went away: to give up early is what some tests are about."""
        if not isinstance(sys.exc_info()[1], ConnectionError | ssl.SSLError):
            super().handle_error(request, client_address)


class Loopback:
    """Serves from the moment that it is made until `close`, which may be called again.

    A subclass says in ``answer(request)`` what comes of a request (a ``BaseHTTPRequestHandler``), and sets
    what it needs for that before it calls ``super().__init__()``.
    """

    methods = ("GET",)

    def __init__(self):
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args):
                pass

        for method in self.methods:
            setattr(Handler, f"do_{method}", lambda request: owner.answer(request))
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"

    def speak_tls(self, context):
        """Speak https from now on, with what ``context`` holds."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://{self.host}"

    def close(self):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
